/** Reads a request's body, holding only one chunk at a time. */
import type { IncomingMessage } from 'node:http'
import { Buffer } from 'node:buffer'
import { Refusal } from '../refusal.js'

/**
 * Yields the chunks of the body. Does not destroy the request when the consumer stops early, so that a response can
 * still be sent. Throws `body-timeout` if no byte arrives for `idleMs`, and Node.js's error if the client disconnects.
 */
export async function* readRequestBody(
  request: IncomingMessage,
  idleMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  for (;;) {
    const chunk = request.read() as Buffer | null
    if (chunk !== null) yield chunk
    else if (request.readableEnded) return
    else await nextEvent(request, idleMs)
  }
}

/** Reads a small body. Throws `body-too-large` for more than `limit` bytes. */
export async function collectBody(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > limit) throw new Refusal('body-too-large', { MaxSizeAllowed: String(limit) })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Resolves when data is readable or the body has ended. */
function nextEvent(request: IncomingMessage, idleMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(new Refusal('body-timeout')), idleMs)
    const onProgress = () => settle()
    const onClose = () => settle(request.errored ?? clientDisconnected())
    const settle = (error?: Error) => {
      clearTimeout(timer)
      request.off('readable', onProgress).off('end', onProgress).off('close', onClose).off('error', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    if (request.destroyed && !request.readableEnded) {
      settle(request.errored ?? clientDisconnected())
      return
    }
    request.on('readable', onProgress).on('end', onProgress).on('close', onClose).on('error', onClose)
  })
}

function clientDisconnected(): Error {
  return new Error('The client closed the connection before its request was complete')
}
