/** Sends a response: regularly, or slow, truncated or stalled by a fault. */
import { Buffer } from 'node:buffer'
import type { ServerResponse } from 'node:http'
import type { Answer, StreamedBody } from './answer.js'
import { ClientGone } from './connection.js'
import { mergeHeaders } from './headers.js'
import { paced } from './pace.js'

/** How a response is sent. */
export interface Delivery {
  readonly bytesPerSecond?: number
  readonly interruption?: Interruption
  /** No Date header. */
  readonly omitsDate?: boolean
  /** Closes the connection after the response, without `Connection: close`. */
  readonly closesSilently?: boolean
}

/** What happens in the middle of the response. */
interface Interruption {
  /** Bytes of the body that are sent first; half of it if absent. For an empty body, the headers are truncated. */
  readonly afterBytes?: number | undefined
  readonly interrupt: () => Promise<never>
}

/** The receiver of a response. */
export interface ResponseTarget {
  readonly response: ServerResponse
  /** Aborted when the client disconnects or the emulator closes. */
  readonly signal: AbortSignal
}

/** Resolves when the response is sent. Rejects with `ClientGone` if the client has disconnected. */
export async function writeAnswer(target: ResponseTarget, answer: Answer, delivery: Delivery): Promise<void> {
  const { response, signal } = target
  const { interruption, bytesPerSecond } = delivery
  const { size, chunks } = bodyOf(answer)
  const hasBody = response.req.method !== 'HEAD' && chunks !== undefined
  if (interruption !== undefined && (!hasBody || size === 0)) {
    await whileConnected(target, (done) => response.req.socket.write(`HTTP/1.1 ${answer.status} \r\nServer: `, done))
    return interruption.interrupt()
  }
  response.sendDate = false
  response.writeHead(answer.status, headersOf(answer, size, delivery))
  if (hasBody) {
    const limit = interruption === undefined ? Infinity : (interruption.afterBytes ?? Math.floor((size ?? 0) / 2))
    const pacedChunks = bytesPerSecond === undefined ? chunks : paced(chunks, bytesPerSecond, signal)
    await writeChunks(target, pacedChunks, limit)
    if (interruption !== undefined) return interruption.interrupt()
  }
  await whileConnected(target, (done) => response.end(done))
  if (delivery.closesSilently === true) response.req.socket.end()
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

/** Writes at most `limit` bytes, and resolves when the operating system has accepted the last one. */
async function writeChunks(target: ResponseTarget, chunks: StreamedBody['chunks'], limit: number): Promise<void> {
  const { response, signal } = target
  let left = limit
  for await (const chunk of chunks) {
    if (signal.aborted) throw new ClientGone()
    const slice = chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= slice.length
    if (left <= 0) {
      response.flushHeaders()
      return whileConnected(target, (done) => response.write(slice, done))
    }
    if (!response.write(slice)) await whileConnected(target, (done) => response.once('drain', done))
  }
}

/**
 * Waits for the callback of `begin`, or for the client to disconnect. Listens to the connection, because a response
 * that waits for an earlier one on the same connection emits no `close`.
 */
function whileConnected({ signal }: ResponseTarget, begin: (done: () => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = () => reject(new ClientGone())
    if (signal.aborted) {
      onGone()
      return
    }
    signal.addEventListener('abort', onGone)
    begin(() => {
      signal.removeEventListener('abort', onGone)
      resolve()
    })
  })
}
