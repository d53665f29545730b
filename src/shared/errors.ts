import { inspect, types } from 'node:util'

/**
 * What went wrong. Programs act on the code, never on the message:
 *
 * - `INVALID_OPTION`: an option, a target or an argument is invalid. Thrown before anything is sent.
 * - `MISSING_CREDENTIALS`: no credentials, or only half of them. Thrown before anything is sent.
 * - `CREDENTIALS_FAILED`: the credentials provider failed.
 * - `ABORTED`: the caller aborted, by AbortSignal or by `destroy()`.
 * - `TOO_MANY_PARTS`: the stream is longer than the part sizes allow; the message contains the option to set.
 * - `CHECKSUM_MISMATCH`: the stored bytes are not the bytes that were sent, or the received ones not those stored.
 * - `ALREADY_EXISTS`: `forbidOverwrite` was set and the object exists.
 * - `PRECONDITION_FAILED`: `ifMatch` was set and the object has another ETag, or there is none.
 * - `ACCESS_DENIED`: the credentials, or the account, may not do this.
 * - `NOT_FOUND`: the bucket or object does not exist.
 * - `NO_SUCH_UPLOAD`: the multipart upload is unknown: aborted, completed or expired.
 * - `CALLBACK_FAILED`: the object is stored and verified, but the requested callback failed.
 * - `THROTTLED`: the service throttled every attempt until the retry limit.
 * - `SERVICE_FAILED`: the service failed (5xx) until the retry limit.
 * - `REJECTED`: the service refused the request for another reason; see `serviceCode`.
 * - `BAD_ANSWER`: the response does not come from this service, or is truncated, too large, or not for this request.
 * - `NETWORK`: no connection, or a broken one, until the retry limit.
 * - `TIMEOUT`: connecting took too long, or no response came, or no bytes moved.
 * - `CHECKPOINT_FAILED`: the checkpoint could not be read or written, or another upload is using it.
 * - `CLOSED`: the store was closed.
 * - `FILE_FAILED`: a file to upload could not be read, the file that an object is downloaded to could not be written,
 *   or another download is using it.
 * - `SOURCE_CHANGED`: a file, or a Blob, changed while it was read; nothing was published.
 * - `COMMAND_FAILED`: the command whose output is uploaded could not be run, or failed; nothing was published.
 * - `INCOMPLETE`: the bytes were fewer than `size`, or the parts acknowledged are not all that was sent; nothing was
 *   published.
 * - `TOO_LARGE`: the bytes were more than `size` or `maxSize`; nothing was published.
 */
export type UploadErrorCode =
  | 'INVALID_OPTION'
  | 'MISSING_CREDENTIALS'
  | 'CREDENTIALS_FAILED'
  | 'ABORTED'
  | 'TOO_MANY_PARTS'
  | 'CHECKSUM_MISMATCH'
  | 'ALREADY_EXISTS'
  | 'PRECONDITION_FAILED'
  | 'ACCESS_DENIED'
  | 'NOT_FOUND'
  | 'NO_SUCH_UPLOAD'
  | 'CALLBACK_FAILED'
  | 'THROTTLED'
  | 'SERVICE_FAILED'
  | 'REJECTED'
  | 'BAD_ANSWER'
  | 'NETWORK'
  | 'TIMEOUT'
  | 'CHECKPOINT_FAILED'
  | 'CLOSED'
  | 'FILE_FAILED'
  | 'SOURCE_CHANGED'
  | 'COMMAND_FAILED'
  | 'INCOMPLETE'
  | 'TOO_LARGE'

/** Details of a failure besides its code and message. */
export interface UploadErrorDetails {
  /** Whether the same upload may succeed when it is started again later. Default false. */
  retryable?: boolean | undefined
  /** HTTP status code of the response. */
  status?: number | undefined
  /** The service's own error code, such as `NoSuchUpload`. */
  serviceCode?: string | undefined
  /** The request ID of the service, which its support asks for. */
  requestId?: string | undefined
  /** The detailed error code of OSS, such as `0042-00000213`. */
  ec?: string | undefined
  bucket?: string | undefined
  key?: string | undefined
  uploadId?: string | undefined
  /** 1-based. */
  partNumber?: number | undefined
  /** Requests sent, the first one included. */
  attempts?: number | undefined
  /** From the first attempt to the failure. */
  elapsedMs?: number | undefined
  /** The request may have taken effect, although no response confirms it. */
  outcomeUnknown?: boolean | undefined
  /** Exit status of the command. */
  exitCode?: number | undefined
  /** The signal that ended the command. */
  signal?: NodeJS.Signals | undefined
  /** The end of what the command wrote on standard error, at most 4,096 bytes. */
  stderr?: string | undefined
  cause?: unknown
}

/**
 * The error of every failure of this library. `cause` is the underlying error. Neither contains keys, tokens or
 * signatures.
 */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /** What went wrong, for programs to act on. */
  readonly code: UploadErrorCode
  /** Whether the same upload may succeed when it is started again later. */
  readonly retryable: boolean
  /** HTTP status code of the response. */
  declare readonly status?: number
  /** The service's own error code, such as `NoSuchUpload`. */
  declare readonly serviceCode?: string
  /** The request ID of the service, which its support asks for. */
  declare readonly requestId?: string
  /** The detailed error code of OSS, such as `0042-00000213`. */
  declare readonly ec?: string
  declare readonly bucket?: string
  declare readonly key?: string
  declare readonly partNumber?: number
  /** Requests sent, the first one included. */
  declare readonly attempts?: number
  /** From the first attempt to the failure. */
  declare readonly elapsedMs?: number
  /** The request may have taken effect, although no response confirms it. */
  declare readonly outcomeUnknown?: boolean
  /** Exit status of the command. */
  declare readonly exitCode?: number
  /** The signal that ended the command. */
  declare readonly signal?: NodeJS.Signals
  /** The end of what the command wrote on standard error, at most 4,096 bytes. */
  declare readonly stderr?: string
  /** Upload ID of the multipart upload. Set after a failed clean-up: this upload and its parts are still in the store. */
  declare uploadId?: string
  /** Why the clean-up after this failure failed as well. */
  declare cleanupError?: Error
  /** Number of multipart uploads that may be left behind with an unknown upload ID, as their responses were lost. */
  declare unknownUploads?: number
  /** The upload and its checkpoint were kept: the same upload, started again, resumes it. */
  declare resumable?: true

  constructor(code: UploadErrorCode, message: string, details: UploadErrorDetails = {}) {
    const { cause, retryable = false, ...known } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = retryable
    // Absent details become no properties, so that a logged error shows only what is known.
    Object.assign(this, Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)))
  }
}

/** What a failed upload may have left in the store. */
export interface Leftover {
  uploadId?: string | undefined
  cleanupError?: Error
  unknownUploads?: number
  outcomeUnknown?: boolean
  resumable?: true
}

/** Adds what was left behind to the error that caused it, which may be an error of the caller. */
export function attachLeftover(error: Error, leftover: Leftover): void {
  for (const [name, value] of Object.entries(leftover)) {
    // A frozen error is unchanged: the original error matters more than the details.
    Reflect.defineProperty(error, name, { value, enumerable: true, configurable: true, writable: true })
  }
}

/** Marks an error as resumable. The message is extended only if the error is one of ours. */
export function attachResumable(error: Error, uploadId: string): void {
  attachLeftover(error, { uploadId, resumable: true })
  if (error instanceof UploadError) {
    const message = `${error.message}; the upload is kept: the same upload with the same checkpoint resumes it`
    Reflect.set(error, 'message', message)
  }
}

/** Returns a thrown value as an Error that can be passed to a stream. */
export function toError(value: unknown): Error {
  if (!isError(value)) return new Error(`a value that is not an Error was thrown: ${textOf(value)}`)
  return hasStack(value) ? value : new Error('an Error was thrown whose message or stack cannot be read')
}

/** Returns whether the stack can be read, as `destroy()` of Node.js does: if a getter throws there, the stream never closes. */
function hasStack(error: Error): boolean {
  try {
    Reflect.get(error, 'stack')
    return true
  } catch {
    return false
  }
}

/** Returns the message of a thrown value, which may be anything. */
export function messageOf(value: unknown): string {
  try {
    return toError(value).message
  } catch {
    return 'an error whose message cannot be read'
  }
}

function textOf(value: unknown): string {
  try {
    return inspect(value)
  } catch {
    // It is a proxy, or has getters, that throw.
    return `a value of type ${typeof value} that cannot be shown`
  }
}

/** Returns whether the value is an Error, of this realm or another: under Jest, errors of Node.js are of another realm. */
function isError(value: unknown): value is Error {
  // A proxy may throw at any access.
  return types.isNativeError(value) || (!types.isProxy(value) && value instanceof Error)
}

/** Returns the code of a system error, such as `ENOENT`. */
export function systemCodeOf(error: unknown): unknown {
  return isError(error) && 'code' in error ? error.code : undefined
}
