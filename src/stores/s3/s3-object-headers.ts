/**
 * An object's options as headers of S3 (S3 API reference: PutObject, CreateMultipartUpload, UploadPart,
 * CompleteMultipartUpload, HeadObject).
 */
import { KiB } from '../../shared/byte-size.js'
import { checkBoolean, checkOneOf, invalidOption } from '../../shared/check-option.js'
import { CUSTOMER_KEY_HEADERS, customerKeyHeaders, customerKeyPlaces } from '../object/customer-key.js'
import type { ObjectRequest } from '../dialect.js'
import { readEncryption, refuseEncryptionPart } from '../object/encryption-option.js'
import { basicHeaders, type HeaderPlaces, headersOn, refuseOptions, setAll } from '../object/object-headers.js'
import type { ObjectOptions } from '../object/object-options.js'

const PREFIX = 'x-amz-'

const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
] as const
const ENCRYPTIONS = ['AES256', 'aws:kms', 'aws:kms:dsse'] as const

const EVERYWHERE: readonly ObjectRequest[] = ['put', 'initiate', 'part', 'complete', 'read']

const PLACES: HeaderPlaces = new Map([
  ['if-none-match', ['put', 'complete']],
  ['x-amz-expected-bucket-owner', EVERYWHERE],
  ['x-amz-request-payer', EVERYWHERE],
  // Complete wants the key where the object has a checksum.
  ...customerKeyPlaces(PREFIX, EVERYWHERE),
])

const RESERVED = [
  'checksum-algorithm',
  'checksum-crc32',
  'checksum-crc64nvme',
  'checksum-type',
  'content-sha256',
  'copy-source',
  'date',
  'mp-object-size',
  'sdk-checksum-algorithm',
  'security-token',
  ...CUSTOMER_KEY_HEADERS,
]

/** Throws UploadError where an option is not acceptable. */
export function s3ObjectHeaders(
  options: ObjectOptions,
  request: ObjectRequest,
  isConfidential: boolean,
): Record<string, string> {
  refuseOptions(options, 'S3', ['callback', 'trafficLimit', 'expireAfterDays'])
  // AWS: 2 KB, names and values together.
  const headers = basicHeaders(options, { prefix: PREFIX, reserved: RESERVED, maxMetadataBytes: 2 * KiB })
  const { acl, storageClass, serverSideEncryption, forbidOverwrite } = options
  if (acl !== undefined) headers.set('x-amz-acl', checkOneOf('acl', acl, ACLS))
  if (storageClass !== undefined) headers.set('x-amz-storage-class', checkStorageClass(storageClass))
  if (serverSideEncryption !== undefined) {
    setAll(headers, encryptionHeaders(serverSideEncryption, isConfidential))
  }
  if (forbidOverwrite !== undefined && checkBoolean('forbidOverwrite', forbidOverwrite))
    headers.set('if-none-match', '*')
  return headersOn(request, headers, PLACES)
}

/** Other services than AWS have classes of their own. */
function checkStorageClass(storageClass: unknown): string {
  if (typeof storageClass === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(storageClass)) return storageClass
  throw invalidOption('storageClass', storageClass, "accepted is a class of the service, such as 'STANDARD_IA'")
}

function encryptionHeaders(option: unknown, isConfidential: boolean): [name: string, value: string][] {
  const encryption = readEncryption(option, ENCRYPTIONS)
  if (encryption.by === 'caller') return customerKeyHeaders(PREFIX, encryption.customerKey, isConfidential)
  const { algorithm, keyId, dataEncryption } = encryption
  refuseEncryptionPart('dataEncryption', dataEncryption, 'S3 has nothing of that kind')
  if (algorithm === 'AES256') refuseEncryptionPart('keyId', keyId, "it goes with 'aws:kms' or 'aws:kms:dsse'")
  const headers: [string, string][] = [['x-amz-server-side-encryption', algorithm]]
  if (keyId !== undefined) headers.push(['x-amz-server-side-encryption-aws-kms-key-id', keyId])
  return headers
}
