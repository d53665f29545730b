/**
 * An object's options as headers of OBS (esdk-obs-nodejs, lib/obsModel.js and lib/v2Model.js; the API reference's
 * "Initiating a Multipart Upload", "Uploading Parts" and "Uploading Objects - PUT").
 *
 * With a signature of AWS, version 2 or 4, the same headers begin with `x-amz-` and some values have other names.
 */
import { KiB } from '../../shared/byte-size.js'
import { checkInteger, checkOneOf, invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { callbackParameters, encodeCallbackPart } from '../object/callback.js'
import { CUSTOMER_KEY_HEADERS, customerKeyHeaders, customerKeyPlaces } from '../object/customer-key.js'
import type { ObjectRequest } from '../dialect.js'
import { readEncryption, refuseEncryptionPart } from '../object/encryption-option.js'
import { basicHeaders, type HeaderPlaces, headersOn, setAll } from '../object/object-headers.js'
import type { Callback, ObjectOptions } from '../object/object-options.js'

export type ObsHeaderPrefix = 'x-obs-' | 'x-amz-'

const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'public-read-delivered',
  'public-read-write-delivered',
  'bucket-owner-full-control',
] as const
const ENCRYPTIONS = ['AES256', 'kms'] as const

/** By their names in requests of AWS. */
const STORAGE_CLASSES = {
  STANDARD: 'STANDARD',
  WARM: 'STANDARD_IA',
  COLD: 'GLACIER',
  DEEP_ARCHIVE: 'DEEP_ARCHIVE',
  INTELLIGENT_TIERING: 'INTELLIGENT_TIERING',
} as const
type StorageClass = keyof typeof STORAGE_CLASSES

/** What answers to requests of AWS call by other names than the options do. */
export const OPTION_WORDS_OF_AWS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(STORAGE_CLASSES).map(([option, word]) => [word, option] as const),
  ['aws:kms', 'kms'],
])

const RESERVED = [
  'checksum-crc64ecma',
  'content-sha256',
  'copy-source',
  'date',
  'security-token',
  ...CUSTOMER_KEY_HEADERS,
]

function placesOf(prefix: ObsHeaderPrefix): HeaderPlaces {
  return new Map([
    [`${prefix}callback`, ['put', 'complete']],
    [`${prefix}traffic-limit`, ['put', 'part']],
    [`${prefix}request-payer`, ['put', 'initiate', 'part', 'complete', 'read']],
    ...customerKeyPlaces(prefix, ['put', 'initiate', 'part', 'read']),
  ])
}

/** Throws UploadError where an option is not acceptable. */
export function obsObjectHeaders(
  options: ObjectOptions,
  request: ObjectRequest,
  { prefix, isConfidential }: { prefix: ObsHeaderPrefix; isConfidential: boolean },
): Record<string, string> {
  if (options.forbidOverwrite === true) {
    throw new UploadError(
      'INVALID_OPTION',
      'forbidOverwrite is true: OBS has no such condition, so an existing object could not be kept; leave it out, or use a bucket with versioning',
    )
  }
  const headers = basicHeaders(options, { prefix, reserved: RESERVED, maxMetadataBytes: 8 * KiB })
  const { acl, storageClass, serverSideEncryption, callback, trafficLimit, expireAfterDays } = options
  if (acl !== undefined) headers.set(`${prefix}acl`, checkOneOf('acl', acl, ACLS))
  if (storageClass !== undefined) {
    const names = Object.keys(STORAGE_CLASSES) as StorageClass[]
    const checked = checkOneOf('storageClass', storageClass, names)
    headers.set(`${prefix}storage-class`, prefix === 'x-amz-' ? STORAGE_CLASSES[checked] : checked)
  }
  if (serverSideEncryption !== undefined) {
    setAll(headers, encryptionHeaders(serverSideEncryption, prefix, isConfidential))
  }
  if (callback !== undefined) headers.set(`${prefix}callback`, callbackHeader(callback))
  if (trafficLimit !== undefined) {
    // The documentation's "Single-Connection Bandwidth Throttling".
    const limit = checkInteger('trafficLimit', trafficLimit, 819_200, 838_860_800, 'bit/s')
    headers.set(`${prefix}traffic-limit`, String(limit))
  }
  if (expireAfterDays !== undefined) {
    // Under this name in requests of AWS too.
    headers.set('x-obs-expires', String(checkInteger('expireAfterDays', expireAfterDays, 1, 2_147_483_647, 'days')))
  }
  return headersOn(request, headers, placesOf(prefix))
}

function callbackHeader(callback: Callback): string {
  const parameters = callbackParameters(callback)
  for (const name of ['sni', 'variables'] as const) {
    if (callback[name] !== undefined)
      throw invalidOption(`callback.${name}`, callback[name], 'OBS has nothing of that kind')
  }
  return encodeCallbackPart('callback', parameters)
}

function encryptionHeaders(
  option: unknown,
  prefix: ObsHeaderPrefix,
  isConfidential: boolean,
): [name: string, value: string][] {
  const encryption = readEncryption(option, ENCRYPTIONS)
  if (encryption.by === 'caller') return customerKeyHeaders(prefix, encryption.customerKey, isConfidential)
  const { algorithm, keyId, dataEncryption } = encryption
  refuseEncryptionPart('dataEncryption', dataEncryption, 'OBS has nothing of that kind')
  if (algorithm !== 'kms') refuseEncryptionPart('keyId', keyId, "it goes with 'kms'")
  const isAws = prefix === 'x-amz-'
  const headers: [string, string][] = [
    [`${prefix}server-side-encryption`, algorithm === 'kms' && isAws ? 'aws:kms' : algorithm],
  ]
  if (keyId !== undefined) headers.push([`${prefix}server-side-encryption-${isAws ? 'aws-' : ''}kms-key-id`, keyId])
  return headers
}
