/** Reads the headers that set the properties of an object in S3 (API reference, PutObject and CreateMultipartUpload). */
import type { ContentAlgorithm } from '../../checksums/content-checksum.js'
import type { Call } from '../../http/call.js'
import type { Limits } from '../../limits.js'
import type { ChecksumPlan, ObjectProperties } from '../../storage/stored-object.js'
import { failed } from '../aws/claim-checks.js'
import { readCustomerKey } from '../aws/customer-key.js'
import { readKeptHeaders, readMetadata, readOneOf, readTags } from '../aws/properties.js'
import type { PropertySource } from '../dialect.js'
import { decodeWords } from './encoded-words.js'

export const S3_PREFIX = 'x-amz-'

/** By their names in headers; documents use capitals. */
export const S3_CHECKSUMS: readonly ContentAlgorithm[] = ['crc64nvme', 'crc32', 'crc32c', 'sha1', 'sha256']

const STORAGE_CLASSES = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'GLACIER_IR',
  'DEEP_ARCHIVE',
]
const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
]
const ALGORITHMS = ['AES256', 'aws:kms', 'aws:kms:dsse']
const ENCRYPTION = 'server-side-encryption'
const KMS_KEY = 'server-side-encryption-aws-kms-key-id'

export function readS3Properties(call: Call, source: PropertySource, limits: Limits): ObjectProperties {
  const plan = source === 'InitiateMultipartUpload' ? readChecksumPlan(call) : undefined
  return {
    headers: readKeptHeaders(call, 'binary/octet-stream'),
    metadata: readMetadata(call, S3_PREFIX, limits, (header) => decodeWords(call.latin1Header(header) ?? '')),
    tags: readTags(call, S3_PREFIX, limits),
    storageClass: readOneOf(call, 'x-amz-storage-class', STORAGE_CLASSES, 'InvalidStorageClass') ?? 'STANDARD',
    acl: readOneOf(call, 'x-amz-acl', ACLS, 'InvalidArgument') ?? 'private',
    encryption: readOneEncryption(call),
    ...(plan === undefined ? {} : { checksum: plan }),
  }
}

/** Returns the algorithm of a name in a document or header; undefined if unknown. */
function s3Algorithm(name: string): ContentAlgorithm | undefined {
  return S3_CHECKSUMS.find((algorithm) => algorithm === name.toLowerCase())
}

/** Throws if a request has both a key of the service and a customer key. */
function readOneEncryption(call: Call): Record<string, string> {
  const byService = readEncryption(call)
  const byCaller = readCustomerKey(call, S3_PREFIX)
  if (Object.keys(byService).length === 0 || Object.keys(byCaller).length === 0) return { ...byService, ...byCaller }
  throw failed(
    'InvalidArgument',
    'Server Side Encryption with Customer provided key is incompatible with the encryption method specified',
  )
}

function readEncryption(call: Call): Record<string, string> {
  const code = 'InvalidEncryptionAlgorithmError'
  const algorithm = readOneOf(call, `${S3_PREFIX}${ENCRYPTION}`, ALGORITHMS, code)
  const keyId = call.header(`${S3_PREFIX}${KMS_KEY}`)
  if (keyId !== undefined && algorithm?.startsWith('aws:kms') !== true) {
    throw failed('InvalidArgument', 'x-amz-server-side-encryption header is required to be aws:kms for this request.')
  }
  return {
    ...(algorithm === undefined ? {} : { [ENCRYPTION]: algorithm }),
    ...(keyId === undefined ? {} : { [KMS_KEY]: keyId }),
  }
}

function readChecksumPlan(call: Call): ChecksumPlan | undefined {
  const name = call.header('x-amz-checksum-algorithm')
  const type = call.header('x-amz-checksum-type')?.toUpperCase()
  if (name === undefined) {
    if (type === undefined) return undefined
    throw failed(
      'InvalidRequest',
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const algorithm = s3Algorithm(name)
  if (algorithm === undefined) {
    throw failed(
      'InvalidRequest',
      'Checksum algorithm provided is unsupported. Please try again with any of the valid types.',
    )
  }
  const usual = algorithm === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE'
  if (type === undefined || type === usual) return { algorithm, type: usual }
  const isPossible = type === 'FULL_OBJECT' && (algorithm === 'crc32' || algorithm === 'crc32c')
  if (isPossible) return { algorithm, type }
  throw failed(
    'InvalidRequest',
    `The ${type} checksum type cannot be used with the ${name.toLowerCase()} checksum algorithm.`,
  )
}
