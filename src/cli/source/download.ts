import { setTimeout as delay } from 'node:timers/promises'
import { CHECKSUM_NAMES, startComparison } from '../../checksum/checksum.js'
import { type ObjectContent, type ObjectStore, type RetryNotice, UploadError } from '../../index.js'
import { backoffMs, DEFAULT_RETRY } from '../../shared/backoff.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, messageOf } from '../process/failure.js'

/** How often in a row reading may break off without a byte in between. */
const MAX_ATTEMPTS = 8

export interface Download {
  head: ObjectContent
  /** Whether the store tells a checksum that the bytes can be held against. */
  isVerified: boolean
  /** All bytes of the object: it ends only if they were all of it, by their checksum where there is one. */
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
  const isVerified = startComparison(head.checksum) !== undefined
  return { head, isVerified, chunks: chunksOf(store, key, head, signal, onRetry) }
}

async function* chunksOf(
  store: ObjectStore,
  key: string,
  head: ObjectContent,
  signal: AbortSignal,
  onRetry: (retry: RetryNotice) => void,
): AsyncGenerator<Buffer, void, undefined> {
  // Each body is verified by itself where it is the whole; of what is put together only this one knows.
  const checksum = startComparison(head.checksum)
  let { body } = head
  let position = 0
  let attempt = 1
  for (;;) {
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        position += chunk.length
        attempt = 1
        checksum?.update(chunk)
        yield chunk
      }
      if (position >= head.size) break
      throw new UploadError('NETWORK', `reading ended after ${position} of ${head.size} bytes`, { retryable: true })
    } catch (error) {
      if (position >= head.size || attempt >= MAX_ATTEMPTS || !isWorthAnother(error)) throw error
      const delayMs = backoffMs(attempt, DEFAULT_RETRY)
      onRetry({ operation: 'GetObject', attempt, delayMs, reason: messageOf(error), outcomeUnknown: false })
      await delay(delayMs, undefined, { signal })
      attempt += 1
      body = await bodyFrom(store, key, head, position, signal)
    }
  }
  const value = checksum?.digest()
  if (position === head.size && (checksum === undefined || value === head.checksum?.value)) return
  throw mismatch(key, position, value, head)
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
  const cannotGoOn = (why: string, cause?: unknown) =>
    new Failure(EXIT.failed, `reading ${JSON.stringify(key)} cannot go on after ${position} bytes: ${why}`, cause)
  const rest = await store.get(key, { range: { start: position }, signal }).catch((error: unknown) => {
    const { status } = error as Partial<UploadError>
    if (status === 416) throw cannotGoOn('it was replaced meanwhile by a shorter one', error)
    throw status === 404 ? cannotGoOn('it was deleted meanwhile', error) : error
  })
  const isSame = rest.etag === head.etag && rest.size === head.size && rest.versionId === head.versionId
  const isRest = rest.headers['content-range']?.startsWith(`bytes ${position}-`) === true
  if (isSame && isRest) return rest.body
  rest.body.destroy()
  throw cannotGoOn(isSame ? 'the store did not answer with the rest of it' : 'it was replaced meanwhile')
}

function mismatch(key: string, size: number, value: string | undefined, head: ObjectContent): UploadError {
  const named = (text: string) =>
    head.checksum === undefined || value === undefined ? '' : ` with ${CHECKSUM_NAMES[head.checksum.algorithm]} ${text}`
  const found = `${size} bytes${named(value ?? '')} were read of ${JSON.stringify(key)}`
  return new UploadError(
    'CHECKSUM_MISMATCH',
    `${found}, which has ${head.size} bytes${named(head.checksum?.value ?? '')}`,
  )
}
