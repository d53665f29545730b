import { setTimeout as delay } from 'node:timers/promises'
import { formatCrc64 } from '../checksum/decimal.js'
import { crc64Engine } from '../checksum/engine.js'
import { type ObjectContent, type ObjectStore, type RetryNotice, UploadError } from '../index.js'
import { backoffMs, DEFAULT_RETRY } from '../shared/backoff.js'
import { EXIT } from './exit-codes.js'
import { Failure, messageOf } from './failure.js'

/** How often in a row reading may break off without a byte in between. */
const MAX_ATTEMPTS = 8

export interface Download {
  head: ObjectContent
  /** All bytes of the object, verified: it ends only if they were all of it. */
  chunks: AsyncGenerator<Buffer, void, undefined>
}

/** Reads an object, on from where it broke off as often as it must be: of the same object, or not at all. */
export async function download(
  store: ObjectStore,
  key: string,
  signal: AbortSignal,
  onRetry: (retry: RetryNotice) => void,
): Promise<Download> {
  const head = await store.get(key, { signal })
  return { head, chunks: chunksOf(store, key, head, signal, onRetry) }
}

async function* chunksOf(
  store: ObjectStore,
  key: string,
  head: ObjectContent,
  signal: AbortSignal,
  onRetry: (retry: RetryNotice) => void,
): AsyncGenerator<Buffer, void, undefined> {
  const crc64 = crc64Engine().create()
  let { body } = head
  let position = 0
  let attempt = 1
  for (;;) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        position += chunk.length
        attempt = 1
        crc64.update(chunk)
        yield chunk
      }
      if (position >= head.size) break
      throw new UploadError('NETWORK', `reading ended after ${position} of ${head.size} bytes`, { retryable: true })
    } catch (error) {
      if (position >= head.size || attempt >= MAX_ATTEMPTS || !isWorthAnother(error)) throw error
      const delayMs = backoffMs(attempt, DEFAULT_RETRY, false)
      onRetry({ operation: 'GetObject', attempt, delayMs, reason: messageOf(error), outcomeUnknown: false })
      await delay(delayMs, undefined, { signal })
      attempt += 1
      body = await bodyFrom(store, key, head, position, signal)
    }
  }
  const actual = formatCrc64(crc64.digest())
  if (position === head.size && (head.crc64 === undefined || head.crc64 === actual)) return
  throw new UploadError(
    'CHECKSUM_MISMATCH',
    `${position} bytes with CRC-64 ${actual} were read of ${JSON.stringify(key)}, which has ${head.size} bytes with CRC-64 ${head.crc64 ?? 'unknown'}`,
  )
}

/** What was cut off looks like a mismatch to who counts only; where bytes are missing, more can be asked for. */
function isWorthAnother(error: unknown): boolean {
  return error instanceof UploadError && error.retryable
}

/** The rest of the same object. An object that was replaced meanwhile must not be continued. */
async function bodyFrom(
  store: ObjectStore,
  key: string,
  head: ObjectContent,
  position: number,
  signal: AbortSignal,
): Promise<ObjectContent['body']> {
  const rest = await store.get(key, { range: { start: position }, signal })
  const isSame = rest.etag === head.etag && rest.size === head.size && rest.versionId === head.versionId
  const isRest = rest.headers['content-range']?.startsWith(`bytes ${position}-`) === true
  if (isSame && isRest) return rest.body
  rest.body.destroy()
  const why = isSame ? 'the store did not answer with the rest of it' : 'it was replaced meanwhile'
  throw new Failure(EXIT.failed, `reading ${JSON.stringify(key)} cannot go on after ${position} bytes: ${why}`)
}
