/** Puts an answer on the wire: as it should be, or slow, broken off or stuck as a fault demands. */
import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import type { Answer, StreamedBody } from './answer.js'
import { ClientGone, hangUp, resetConnection, untilGone } from './connection.js'
import { mergeHeaders } from './headers.js'
import { paced } from './pace.js'

/** How an answer is sent. */
export interface Delivery {
  readonly bytesPerSecond?: number
  readonly interruption?: Interruption
  /** No Date header. */
  readonly omitsDate?: boolean
  /** After the answer the connection is closed, though nothing in the answer says so. */
  readonly closesSilently?: boolean
}

/** What happens in the middle of the answer. */
export interface Interruption {
  /** Bytes of the body that are sent before; half of it when absent. An empty body is broken off in the headers. */
  readonly afterBytes?: number | undefined
  readonly then: 'reset' | 'close' | 'stall'
}

/** Resolves when the answer has left. Rejects with `ClientGone` when there is nobody to read it, or not any more. */
export async function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<void> {
  const { interruption, bytesPerSecond } = delivery
  const { size, chunks } = bodyOf(answer)
  const hasBody = response.req.method !== 'HEAD' && chunks !== undefined
  if (interruption !== undefined && (!hasBody || size === 0)) {
    await writeToSocket(response, `HTTP/1.1 ${answer.status} \r\nServer: `)
    return interrupt(response, interruption, signal)
  }
  response.sendDate = false
  response.writeHead(answer.status, headersOf(answer, size, delivery))
  if (hasBody) {
    const limit = interruption === undefined ? Infinity : (interruption.afterBytes ?? Math.floor((size ?? 0) / 2))
    const pacedChunks = bytesPerSecond === undefined ? chunks : paced(chunks, bytesPerSecond, signal)
    await writeChunks(response, pacedChunks, limit)
    if (interruption !== undefined) return interrupt(response, interruption, signal)
  }
  await finished(response, delivery.closesSilently ?? false)
}

function bodyOf({ status, body }: Answer): Partial<StreamedBody> {
  if (typeof body === 'object' && 'chunks' in body) return body
  if (status === 204 || status === 304) return {}
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0))
  return { size: bytes.length, chunks: [bytes] }
}

function headersOf(answer: Answer, size: number | undefined, { omitsDate }: Delivery): Record<string, string> {
  const headers = size === undefined ? answer.headers : mergeHeaders({ 'Content-Length': String(size) }, answer.headers)
  const sent = Object.entries(headers).filter(([name]) => omitsDate !== true || name !== 'Date')
  // Node.js writes header values as Latin-1: one character for each byte of their UTF-8.
  return Object.fromEntries(sent.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]))
}

async function writeChunks(response: ServerResponse, chunks: StreamedBody['chunks'], limit: number): Promise<void> {
  let left = limit
  for await (const chunk of chunks) {
    if (response.destroyed) throw new ClientGone()
    const piece = chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= piece.length
    if (left <= 0) {
      await writeOut(response, piece)
      return
    }
    if (!response.write(piece)) await drained(response)
  }
}

async function interrupt(response: ServerResponse, { then }: Interruption, signal: AbortSignal): Promise<never> {
  if (then === 'reset') resetConnection(response)
  else if (then === 'close') hangUp(response)
  else await untilGone(signal)
  throw new ClientGone()
}

/** Resolves when the operating system has the bytes: what follows must not overtake them. */
function writeOut(response: ServerResponse, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    response.once('close', () => reject(new ClientGone()))
    response.flushHeaders()
    response.write(piece, () => resolve())
  })
}

function writeToSocket(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (response.socket === null) resolve()
    else response.socket.write(text, () => resolve())
  })
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = () => {
      response.off('close', onClose)
      resolve()
    }
    const onClose = () => {
      response.off('drain', onDrain)
      reject(new ClientGone())
    }
    response.once('drain', onDrain).once('close', onClose)
  })
}

function finished(response: ServerResponse, closesSilently: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const { socket } = response
    if (response.destroyed) {
      reject(new ClientGone())
      return
    }
    response.once('close', () => {
      if (response.writableFinished) resolve()
      else reject(new ClientGone())
    })
    response.end(() => {
      if (closesSilently) socket?.end()
    })
  })
}
