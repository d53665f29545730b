/**
 * Finds the operation of a request. Refuses parameters and headers that change the meaning of a request and are not
 * supported: treated as a plain PUT or DELETE, such a request would replace or remove the object.
 */
import type { Address } from '../http/address.js'
import type { Call } from '../http/call.js'
import { Refusal } from '../refusal.js'
import type { OperationName } from './operation.js'

export function operationOf(call: Call, address: Address): OperationName {
  // For OBS, with or without a bucket.
  if (call.method === 'HEAD' && call.hasParameter('apiversion') && address.key === undefined) return 'HeadApiVersion'
  if (address.bucket === undefined) return call.method === 'GET' ? 'ListBuckets' : 'NotImplemented'
  return address.key === undefined ? bucketOperation(call) : objectOperation(call)
}

/** Throws `not-implemented`, with the name, for an unsupported parameter or header. */
export function checkOperation(call: Call, operation: OperationName): void {
  const taken = TAKEN[operation]
  if (taken === undefined) return
  const isTaken = (name: string): boolean => taken.includes(name) || ALWAYS_TAKEN.test(name)
  const parameter = call.query.find(([name, value]) => !isTaken(name) && !(name === 'versionId' && value === 'null'))
  if (parameter !== undefined) throw new Refusal('not-implemented', { Parameter: parameter[0] })
  const isObject = taken !== OF_BUCKET
  const header = Object.keys(call.headers).find((name) => isObject && isForeign(name, operation))
  if (header !== undefined) throw new Refusal('not-implemented', { Header: header })
}

function bucketOperation(call: Call): OperationName {
  const has = (name: string): boolean => call.hasParameter(name)
  const isPlain = call.query.every(([name]) => OF_BUCKET.includes(name) || ALWAYS_TAKEN.test(name))
  if (call.method === 'POST' && has('delete')) return 'DeleteObjects'
  if (call.method === 'GET' && has('uploads')) return 'ListMultipartUploads'
  if (call.method === 'GET' && has('location')) return 'GetBucketLocation'
  if (call.method === 'GET' && has('quota')) return 'GetBucketQuota'
  if (!isPlain) return 'NotImplemented'
  if (call.method === 'GET') return 'ListObjects'
  if (call.method === 'PUT') return 'PutBucket'
  return call.method === 'HEAD' ? 'HeadBucket' : 'NotImplemented'
}

function objectOperation(call: Call): OperationName {
  const isAboutUpload = call.hasParameter('uploadId')
  switch (call.method) {
    case 'HEAD':
      return 'HeadObject'
    case 'GET':
      if (call.hasParameter('acl')) return 'GetObjectAcl'
      if (call.hasParameter('tagging')) return 'GetObjectTagging'
      return isAboutUpload ? 'ListParts' : 'GetObject'
    case 'PUT':
      if (call.hasParameter('acl')) return 'PutObjectAcl'
      if (hasCopySource(call)) return isAboutUpload ? 'NotImplemented' : 'CopyObject'
      return isAboutUpload ? 'UploadPart' : 'PutObject'
    case 'POST':
      if (call.hasParameter('uploads')) return 'InitiateMultipartUpload'
      return isAboutUpload ? 'CompleteMultipartUpload' : 'NotImplemented'
    case 'DELETE':
      return isAboutUpload ? 'AbortMultipartUpload' : 'DeleteObject'
    default:
      return 'MethodNotAllowed'
  }
}

function hasCopySource(call: Call): boolean {
  return Object.keys(call.headers).some((name) => name.endsWith('-copy-source'))
}

/** Signatures in URLs, and identification of clients. */
const ALWAYS_TAKEN =
  /^(?:x-amz-(?!restore)[a-z0-9-]+|x-oss-(?!process$|async-process$)[a-z0-9-]+|x-obs-[a-z0-9-]+|x-id|awsaccesskeyid|ossaccesskeyid|accesskeyid|signature|expires|security-token|encoding-type|callback|callback-var)$/i

const OF_BUCKET: readonly string[] = [
  'list-type',
  'prefix',
  'delimiter',
  'marker',
  'max-keys',
  'continuation-token',
  'start-after',
  'fetch-owner',
]
const OVERRIDES = ['type', 'language', 'expires', 'cache-control', 'disposition', 'encoding']
const RESPONSE = OVERRIDES.flatMap((name) => [`response-${name}`, `response-content-${name}`])

/** The parameters that each operation reads. Operations without an entry refuse the request themselves. */
const TAKEN: Partial<Record<OperationName, readonly string[]>> = {
  ListBuckets: ['prefix', 'marker', 'max-keys', 'max-buckets', 'continuation-token', 'location'],
  ListObjects: OF_BUCKET,
  PutBucket: OF_BUCKET,
  HeadBucket: OF_BUCKET,
  GetBucketLocation: ['location'],
  GetBucketQuota: ['quota'],
  DeleteObjects: ['delete'],
  ListMultipartUploads: ['uploads', 'prefix', 'delimiter', 'key-marker', 'upload-id-marker', 'max-uploads'],
  PutObject: [],
  CopyObject: [],
  GetObject: [...RESPONSE, 'partNumber'],
  HeadObject: [...RESPONSE, 'partNumber'],
  DeleteObject: [],
  GetObjectAcl: ['acl'],
  PutObjectAcl: ['acl'],
  GetObjectTagging: ['tagging'],
  InitiateMultipartUpload: ['uploads'],
  UploadPart: ['partNumber', 'uploadId'],
  CompleteMultipartUpload: ['uploadId'],
  AbortMultipartUpload: ['uploadId'],
  ListParts: ['uploadId', 'max-parts', 'part-number-marker'],
}

const READS: readonly OperationName[] = ['GetObject', 'HeadObject']

/** Headers that change the meaning of a request, or add a condition. */
function isForeign(name: string, operation: OperationName): boolean {
  if (/^x-(?:amz|obs|oss)-(?:object-lock-|if-match-|grant-|rename-source|write-offset)/.test(name)) return true
  if (/-copy-source-(?:if-|range|server-side-encryption-customer)/.test(name)) return true
  if (READS.includes(operation)) return false
  return /^if-(?:modified|unmodified)-since$/.test(name) || (name === 'if-none-match' && !CREATES.includes(operation))
}

const CREATES: readonly OperationName[] = [
  'PutObject',
  'CompleteMultipartUpload',
  'InitiateMultipartUpload',
  'CopyObject',
]
