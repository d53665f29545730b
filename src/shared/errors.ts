import { inspect, types } from 'node:util'

/**
 * What went wrong, for programs to act upon (act on the code, never on the message):
 *
 * - `INVALID_OPTION`: an option, a target or an argument is not acceptable. Thrown before anything is sent.
 * - `MISSING_CREDENTIALS`: no credentials, or only half of them. Thrown before anything is sent.
 * - `CREDENTIALS_FAILED`: the credentials provider failed.
 * - `ABORTED`: the caller gave up, by AbortSignal or by `destroy()`.
 * - `TOO_MANY_PARTS`: the stream is longer than the part sizes allow; the message says which option to set.
 * - `CHECKSUM_MISMATCH`: what the store holds is not what was sent.
 * - `ALREADY_EXISTS`: `forbidOverwrite` was set and the object exists.
 * - `ACCESS_DENIED`: the credentials, or the account, may not do this.
 * - `NOT_FOUND`: no such bucket or object.
 * - `NO_SUCH_UPLOAD`: the multipart upload is unknown: aborted, completed or expired.
 * - `CALLBACK_FAILED`: the object is stored and verified, but the callback that was asked for failed.
 * - `THROTTLED`: the service asked to slow down until the attempts were used up.
 * - `SERVICE_FAILED`: the service failed (5xx) until the attempts were used up.
 * - `REJECTED`: the service refused the request for another reason; see `serviceCode`.
 * - `BAD_ANSWER`: the answer was not one that the service gives: cut, too large, or not for this request.
 * - `NETWORK`: no connection, or a broken one, until the attempts were used up.
 * - `TIMEOUT`: connecting, waiting for the answer, or bytes not moving took longer than allowed.
 * - `CHECKPOINT_FAILED`: the checkpoint could not be read or written, or another upload has it.
 * - `CLOSED`: the store was closed.
 * - `FILE_FAILED`: a file that an object is read into could not be written, or another download has it.
 * - `SOURCE_CHANGED`: a file, or a Blob, changed while it was read; nothing was published.
 * - `COMMAND_FAILED`: a command whose output is uploaded could not be run, or ended without success; nothing was published.
 * - `INCOMPLETE`: the bytes were fewer than `size`, or the parts acknowledged are not all that was sent; nothing was published.
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

/** What is known about a failure beside its code and message. */
export interface UploadErrorDetails {
  /** Whether the same upload, begun again later, may succeed. Default false. */
  retryable?: boolean | undefined
  /** HTTP status of the answer. */
  status?: number | undefined
  /** The service's own error code, such as `NoSuchUpload`. */
  serviceCode?: string | undefined
  /** The service's id of the request, which its support asks for. */
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
  /** The request may have taken effect although no answer says so. */
  outcomeUnknown?: boolean | undefined
  /** What the command ended with. */
  exitCode?: number | undefined
  /** The signal that ended the command. */
  signal?: NodeJS.Signals | undefined
  /** The end of what the command wrote on standard error, at most 4,096 bytes. */
  stderr?: string | undefined
  cause?: unknown
}

/** Every failure of this library. `cause` holds what lies beneath; no key, token or signature is ever in any of it. */
export class UploadError extends Error {
  override readonly name = 'UploadError'
  /** What to act on. */
  readonly code: UploadErrorCode
  /** Whether the same upload, begun again later, may succeed. */
  readonly retryable: boolean
  /** HTTP status of the answer. */
  declare readonly status?: number
  /** The service's own error code, such as `NoSuchUpload`. */
  declare readonly serviceCode?: string
  /** The service's id of the request, which its support asks for. */
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
  /** The request may have taken effect although no answer says so. */
  declare readonly outcomeUnknown?: boolean
  /** What the command ended with. */
  declare readonly exitCode?: number
  /** The signal that ended the command. */
  declare readonly signal?: NodeJS.Signals
  /** The end of what the command wrote on standard error, at most 4,096 bytes. */
  declare readonly stderr?: string
  /** The multipart upload concerned. Set after a failed clean-up: this upload, and its parts, are still in the store. */
  declare uploadId?: string
  /** Why the clean-up after this failure failed too. */
  declare cleanupError?: Error
  /** Multipart uploads that may have been left behind under an id that nobody knows: their answers were lost. */
  declare unknownUploads?: number
  /** The upload and its checkpoint were kept: the same upload, run again, goes on with it. */
  declare resumable?: true

  constructor(code: UploadErrorCode, message: string, details: UploadErrorDetails = {}) {
    const { cause, retryable = false, ...known } = details
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = retryable
    // Absent facts leave no property behind, so that a logged error shows what is known and nothing else.
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

/** Attaches what was left behind to the failure that caused it, which may be an error of the caller's own. */
export function attachLeftover(error: Error, leftover: Leftover): void {
  for (const [name, value] of Object.entries(leftover)) {
    // An error that cannot take it stays as it is: the first error wins over what is to be said beside it.
    Reflect.defineProperty(error, name, { value, enumerable: true, configurable: true, writable: true })
  }
}

/** Tells that the upload was kept; the words of an error that is not ours stay as they are. */
export function attachResumable(error: Error, uploadId: string): void {
  attachLeftover(error, { uploadId, resumable: true })
  if (error instanceof UploadError) {
    const message = `${error.message}; the upload is kept: the same upload with the same checkpoint resumes it`
    Reflect.set(error, 'message', message)
  }
}

/** The value as an Error, for what may have been thrown by anybody. */
export function toError(value: unknown): Error {
  return isError(value) ? value : new Error(`a value that is no Error was thrown: ${inspect(value)}`)
}

/** Returns whether the value is an Error, also one of another realm, as those of Node.js are in a test under Jest. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value)
}

/** The code of an error of the system, such as `ENOENT`. */
export function systemCodeOf(error: unknown): unknown {
  return isError(error) && 'code' in error ? error.code : undefined
}
