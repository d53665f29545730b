/** What an operation is given. */
import type { Dialect } from '../dialects/dialect.js'
import type { Answer } from '../http/answer.js'
import type { BodyCoding } from '../http/body-coding.js'
import type { Call } from '../http/call.js'
import type { Limits } from '../limits.js'
import type { Storage } from '../storage/storage.js'
import type { WriteGuard } from '../storage/write-guard.js'

/** Operations by the services' own names. */
export type OperationName =
  | 'ListBuckets'
  | 'PutBucket'
  | 'HeadBucket'
  | 'HeadApiVersion'
  | 'GetBucketLocation'
  | 'GetBucketQuota'
  | 'ListObjects'
  | 'ListMultipartUploads'
  | 'PutObject'
  | 'CopyObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'GetObjectAcl'
  | 'GetObjectTagging'
  | 'InitiateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListParts'
  | 'NotImplemented'
  | 'MethodNotAllowed'

export interface OperationContext {
  readonly call: Call
  readonly bucket: string
  /** Empty for operations on the bucket. */
  readonly key: string
  readonly dialect: Dialect
  readonly limits: Limits
  readonly storage: Storage
  readonly guard: WriteGuard
  readonly requestId: string
  /** The time by the server's clock. */
  readonly now: Date
  /** Ends when the client goes away or the emulator closes. */
  readonly signal: AbortSignal
  /** How the body is wrapped; `body()` is unwrapped already. */
  readonly coding: BodyCoding
  readonly region: string
  /** The content of the request's body, read once. */
  body(): AsyncIterable<Uint8Array>
  /** Has something done when the request is over, answered or not. */
  atEnd(action: () => void): void
}

/** Carries the request out, or throws a `Refusal`. */
export type Operation = (context: OperationContext) => Answer | Promise<Answer>
