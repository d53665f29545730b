/**
 * The options of an object on S3 (S3 API reference: PutObject, CreateMultipartUpload, UploadPart,
 * CompleteMultipartUpload, HeadObject).
 */
import { KiB } from '../../shared/byte-size.js'
import { checkBoolean, checkOneOf, invalidOption } from '../../shared/check-option.js'
import { commonOptions } from '../object/common-options.js'
import { CUSTOMER_KEY_HEADERS, customerKeyHeaders, customerKeyPlaces } from '../object/customer-key.js'
import { checkIfMatch } from '../object/etag.js'
import { readEncryption, refuseEncryptionPart } from '../object/encryption-option.js'
import {
  CREATION,
  header,
  headers,
  notSupported,
  type ObjectRequest,
  type OptionTable,
  PUBLICATION,
} from '../object/option-table.js'

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

/** Complete and ListParts require the key if the upload has a checksum algorithm (their pages in the API reference). */
const WITH_CUSTOMER_KEY: readonly ObjectRequest[] = ['put', 'initiate', 'part', 'complete', 'read', 'list-parts']

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

/** `isConfidential`: whether nobody on the network can read the requests. */
export function s3ObjectOptions(isConfidential: boolean): OptionTable {
  return {
    service: 'S3',
    everywhere: ['x-amz-expected-bucket-owner', 'x-amz-request-payer'],
    rules: {
      // AWS: 2 KB, names and values together.
      ...commonOptions({ prefix: PREFIX, reserved: RESERVED, maxMetadataBytes: 2 * KiB }),
      acl: header('x-amz-acl', CREATION, (acl) => checkOneOf('acl', acl, ACLS)),
      storageClass: header('x-amz-storage-class', CREATION, checkStorageClass),
      serverSideEncryption: headers(customerKeyPlaces(PREFIX, WITH_CUSTOMER_KEY), (encryption) =>
        encryptionHeaders(encryption, isConfidential),
      ),
      forbidOverwrite: header('if-none-match', PUBLICATION, (forbid) =>
        checkBoolean('forbidOverwrite', forbid) ? '*' : undefined,
      ),
      ifMatch: header('if-match', PUBLICATION, checkIfMatch),
      callback: notSupported(),
      trafficLimit: notSupported(),
      expireAfterDays: notSupported(),
    },
  }
}

/** Services other than AWS have their own classes. */
function checkStorageClass(storageClass: unknown): string {
  if (typeof storageClass === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(storageClass)) return storageClass
  throw invalidOption('storageClass', storageClass, "must be a class of the service, such as 'STANDARD_IA'")
}

function encryptionHeaders(option: unknown, isConfidential: boolean): [name: string, value: string][] {
  const encryption = readEncryption(option, ENCRYPTIONS)
  if (encryption.by === 'caller') return customerKeyHeaders(PREFIX, encryption.customerKey, isConfidential)
  const { algorithm, keyId, dataEncryption } = encryption
  refuseEncryptionPart('dataEncryption', dataEncryption, 'S3 does not support it')
  if (algorithm === 'AES256') refuseEncryptionPart('keyId', keyId, "it goes with 'aws:kms' or 'aws:kms:dsse'")
  const found: [string, string][] = [['x-amz-server-side-encryption', algorithm]]
  if (keyId !== undefined) found.push(['x-amz-server-side-encryption-aws-kms-key-id', keyId])
  return found
}
