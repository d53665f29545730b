import { finished, pipeline, type Readable, Transform } from 'node:stream'
import { type Checksum, startComparison } from '../../checksum/checksum.js'
import { toHttpFailure } from '../../http/http-failure.js'
import { KiB } from '../../shared/byte-size.js'
import { UploadError } from '../../shared/errors.js'
import { bytesText, mismatch } from '../../stores/integrity/mismatch.js'
import { failureOf } from '../../stores/request/attempt-failure.js'

/** The response that is being read. */
interface Source {
  bucket: string
  key: string
}

/** Expected size and checksum of a whole object. */
interface Expected {
  size: number
  /** Undefined if the service returned none: only the size is checked. */
  checksum: Checksum | undefined
  /** Whether a different checksum proves that the bytes differ. */
  isCertain: boolean
}

/**
 * Returns the body for the user: every failure is an UploadError. If something is `expected`, it only ends if the bytes are
 * complete and right; otherwise it fails with `CHECKSUM_MISMATCH`.
 */
export function verifiedBody(
  raw: Readable,
  source: Source,
  expected: Expected | undefined,
  signal: AbortSignal | undefined,
): Readable {
  const checksum = startComparison(expected?.checksum)
  let size = 0
  const body = new Transform({
    highWaterMark: 256 * KiB,
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length
      checksum?.update(chunk)
      callback(null, chunk)
    },
    flush(callback) {
      const value = checksum?.digest()
      const isSame = value === undefined || value === expected?.checksum?.value || expected?.isCertain === false
      const isWhole = size === expected?.size && isSame
      callback(expected === undefined || isWhole ? null : differs(source, expected, size, value))
    },
  })
  // Before pipeline() hears of it, which would hand on an error of the HTTP client's.
  finished(raw, (error) => {
    if (error) body.destroy(brokenOff(source, error))
  })
  if (signal !== undefined) endWith(signal, body, source)
  // If one of them ends, the other ends, too; the reader of the result gets the error.
  pipeline(raw, body, () => undefined)
  return body
}

function endWith(signal: AbortSignal, body: Readable, { bucket, key }: Source): void {
  const onAbort = () => {
    const cause: unknown = signal.reason
    body.destroy(new UploadError('ABORTED', `reading ${JSON.stringify(key)} was cancelled`, { bucket, key, cause }))
  }
  if (signal.aborted) {
    onAbort()
    return
  }
  signal.addEventListener('abort', onAbort, { once: true })
  body.once('close', () => signal.removeEventListener('abort', onAbort))
}

function brokenOff({ bucket, key }: Source, error: unknown): UploadError {
  const { code, message, cause } = failureOf(toHttpFailure(error))
  return new UploadError(code, `reading ${JSON.stringify(key)} broke off: ${message}`, {
    bucket,
    key,
    retryable: true,
    cause,
  })
}

function differs({ bucket, key }: Source, expected: Expected, size: number, value: string | undefined): UploadError {
  const { algorithm } = expected.checksum ?? {}
  const isCompared = algorithm !== undefined && value !== undefined
  const read = bytesText(size, isCompared ? { algorithm, value } : undefined)
  const stored = bytesText(expected.size, isCompared ? expected.checksum : undefined)
  return mismatch(`${read} were read of ${JSON.stringify(key)}, which has ${stored}`, { bucket, key })
}
