/** What an operation is given, and which operation a request is. */
import type { Dialect } from '../dialects/dialect.js'
import type { Address } from '../http/address.js'
import type { Answer } from '../http/answer.js'
import type { BodyCoding } from '../http/body-coding.js'
import type { Call } from '../http/call.js'
import type { Limits } from '../limits.js'
import type { Storage } from '../storage/storage.js'
import type { WriteGuard } from '../storage/write-guard.js'

/** Operations by the services' own names. */
export type OperationName =
  | 'PutBucket'
  | 'HeadBucket'
  | 'HeadApiVersion'
  | 'GetBucketLocation'
  | 'ListObjects'
  | 'ListMultipartUploads'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
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

export function operationOf(call: Call, address: Address): OperationName {
  // Of OBS: it may name a bucket, or none.
  if (call.method === 'HEAD' && call.hasParameter('apiversion') && address.key === undefined) return 'HeadApiVersion'
  if (address.bucket === undefined) return 'NotImplemented'
  return address.key === undefined ? bucketOperation(call) : objectOperation(call)
}

function bucketOperation(call: Call): OperationName {
  const isPlain = call.query.every(([name]) => !BUCKET_SUB_RESOURCES.has(name))
  if (call.method === 'GET' && call.hasParameter('uploads')) return 'ListMultipartUploads'
  if (call.method === 'GET' && isPlain) return 'ListObjects'
  if (call.method === 'PUT' && isPlain) return 'PutBucket'
  if (call.method === 'HEAD' && isPlain) return 'HeadBucket'
  if (call.method === 'GET' && call.hasParameter('location')) return 'GetBucketLocation'
  return 'NotImplemented'
}

function objectOperation(call: Call): OperationName {
  const isAboutUpload = call.hasParameter('uploadId')
  if (OBJECT_SUB_RESOURCES.some((name) => call.hasParameter(name))) return 'NotImplemented'
  switch (call.method) {
    case 'HEAD':
      return 'HeadObject'
    case 'GET':
      if (call.hasParameter('acl')) return 'GetObjectAcl'
      if (call.hasParameter('tagging')) return 'GetObjectTagging'
      return isAboutUpload ? 'ListParts' : 'GetObject'
    case 'PUT':
      if (call.hasParameter('acl') || call.hasParameter('tagging') || hasCopySource(call)) return 'NotImplemented'
      return isAboutUpload ? 'UploadPart' : 'PutObject'
    case 'POST':
      if (call.hasParameter('uploads')) return 'InitiateMultipartUpload'
      return isAboutUpload ? 'CompleteMultipartUpload' : 'NotImplemented'
    case 'DELETE':
      if (call.hasParameter('tagging')) return 'NotImplemented'
      return isAboutUpload ? 'AbortMultipartUpload' : 'DeleteObject'
    default:
      return 'MethodNotAllowed'
  }
}

function hasCopySource(call: Call): boolean {
  return Object.keys(call.headers).some((name) => name.endsWith('-copy-source'))
}

/** Sub-resources of a bucket that the emulator does not have. */
const BUCKET_SUB_RESOURCES = new Set(
  `acl bucketInfo cors delete encryption inventory lifecycle location logging policy referer replication stat tagging
  versioning versions website worm`.split(/\s+/),
)

const OBJECT_SUB_RESOURCES = ['append', 'restore', 'symlink', 'select', 'asyncFetch', 'x-oss-process']
