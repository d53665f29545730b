/**
 * The options of an object on OBS (esdk-obs-nodejs, lib/obsModel.js and lib/v2Model.js; the API reference's
 * "Initiating a Multipart Upload", "Uploading Parts" and "Uploading Objects - PUT").
 *
 * With a signature of AWS, version 2 or 4, the same headers begin with `x-amz-` and some values have other names.
 */
import { KiB } from '../../shared/byte-size.js'
import { checkInteger, checkOneOf, invalidOption } from '../../shared/check-option.js'
import { callbackParameters, encodeCallbackPart } from '../object/callback.js'
import { commonOptions } from '../object/common-options.js'
import { CUSTOMER_KEY_HEADERS, customerKeyHeaders, customerKeyPlaces } from '../object/customer-key.js'
import { readEncryption, refuseEncryptionPart } from '../object/encryption-option.js'
import type { Callback } from '../object/object-options.js'
import {
  CONTENT,
  CREATION,
  header,
  headers,
  notSupported,
  type OptionTable,
  PUBLICATION,
} from '../object/option-table.js'

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

/** By their names in requests with a signature of AWS. */
const STORAGE_CLASSES = {
  STANDARD: 'STANDARD',
  WARM: 'STANDARD_IA',
  COLD: 'GLACIER',
  DEEP_ARCHIVE: 'DEEP_ARCHIVE',
  INTELLIGENT_TIERING: 'INTELLIGENT_TIERING',
} as const
type StorageClass = keyof typeof STORAGE_CLASSES

/** Values in responses to requests with a signature of AWS that differ from those of the options. */
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

/** `isConfidential`: whether nobody on the network can read the requests. */
export function obsObjectOptions({
  prefix,
  isConfidential,
}: {
  prefix: ObsHeaderPrefix
  isConfidential: boolean
}): OptionTable {
  return {
    service: 'OBS',
    everywhere: [`${prefix}request-payer`],
    rules: {
      ...commonOptions({ prefix, reserved: RESERVED, maxMetadataBytes: 8 * KiB, maxTagValue: 255 }),
      acl: header(`${prefix}acl`, CREATION, (acl) => checkOneOf('acl', acl, ACLS)),
      storageClass: header(`${prefix}storage-class`, CREATION, (storageClass) => {
        const checked = checkOneOf('storageClass', storageClass, Object.keys(STORAGE_CLASSES) as StorageClass[])
        return prefix === 'x-amz-' ? STORAGE_CLASSES[checked] : checked
      }),
      serverSideEncryption: headers(customerKeyPlaces(prefix, ['put', 'initiate', 'part', 'read']), (encryption) =>
        encryptionHeaders(encryption, prefix, isConfidential),
      ),
      ifMatch: notSupported('it has no conditional writes; turn on versioning to keep replaced objects'),
      forbidOverwrite: notSupported('it has no such condition; leave the option out, or use a bucket with versioning'),
      callback: header(`${prefix}callback`, PUBLICATION, callbackHeader),
      // The documentation's "Single-Connection Bandwidth Throttling".
      trafficLimit: header(`${prefix}traffic-limit`, CONTENT, (limit) =>
        String(checkInteger('trafficLimit', limit, 819_200, 838_860_800, 'bit/s')),
      ),
      // Requests with a signature of AWS use this name, too.
      expireAfterDays: header('x-obs-expires', CREATION, (days) =>
        String(checkInteger('expireAfterDays', days, 1, 2_147_483_647, 'days')),
      ),
    },
  }
}

function callbackHeader(callback: Callback): string {
  const parameters = callbackParameters(callback, { maxUrls: 10, placeholders: '()' })
  for (const name of ['sni', 'variables'] as const) {
    if (callback[name] !== undefined)
      throw invalidOption(`callback.${name}`, callback[name], 'must be left out: OBS does not support it')
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
  const isAws = prefix === 'x-amz-'
  if (algorithm !== 'kms') {
    refuseEncryptionPart('keyId', keyId, "it goes with 'kms'")
    refuseEncryptionPart('dataEncryption', dataEncryption, "it goes with 'kms'")
  }
  if (isAws) refuseEncryptionPart('dataEncryption', dataEncryption, "it needs signatureVersion 'obs'")
  const found: [string, string][] = [
    [`${prefix}server-side-encryption`, algorithm === 'kms' && isAws ? 'aws:kms' : algorithm],
  ]
  if (keyId !== undefined) found.push([`${prefix}server-side-encryption-${isAws ? 'aws-' : ''}kms-key-id`, keyId])
  if (dataEncryption !== undefined) {
    const name = 'serverSideEncryption.dataEncryption'
    found.push(['x-obs-server-side-data-encryption', checkOneOf(name, dataEncryption, ['SM4'])])
  }
  return found
}
