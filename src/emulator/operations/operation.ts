/** The input of an operation. */
import type { Dialect } from '../dialects/dialect.js'
import type { Answer } from '../http/answer.js'
import type { BodyCoding } from '../http/body-coding.js'
import type { Call } from '../http/call.js'
import type { Limits } from '../limits.js'
import type { Storage } from '../storage/storage.js'
import type { WriteGuard } from '../storage/write-guard.js'

/** The names of operations in the API references. */
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
  | 'PutObjectAcl'
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
  /** Aborted when the client disconnects or the emulator closes. */
  readonly signal: AbortSignal
  /** The coding of the body; `body()` is decoded. */
  readonly coding: BodyCoding
  readonly region: string
  /** Returns the content of the body. May be called once. */
  body(): AsyncIterable<Uint8Array>
  /** Registers a function to call when the request is over, with or without a response. */
  atEnd(action: () => void): void
}

/** Executes the request, or throws a `Refusal`. */
export type Operation = (context: OperationContext) => Answer | Promise<Answer>
