/**
 * Reads the headers that set the properties of an object in OBS (its API reference, "Uploading Objects - PUT" and
 * "Initiating a Multipart Upload"; esdk-obs-nodejs, lib/obsModel.js and lib/v2Model.js for the names of AWS).
 */
import type { Call } from '../../http/call.js'
import type { Limits } from '../../limits.js'
import type { ObjectProperties } from '../../storage/stored-object.js'
import { failed } from '../aws/claim-checks.js'
import { readCustomerKey } from '../aws/customer-key.js'
import { readKeptHeaders, readMetadata, readOneOf, readTags } from '../aws/properties.js'

/** `x-amz-` in requests with a signature of AWS. */
export type ObsPrefix = 'x-obs-' | 'x-amz-'

/** By their names in requests with a signature of AWS. */
const STORAGE_CLASSES = {
  STANDARD: 'STANDARD',
  WARM: 'STANDARD_IA',
  COLD: 'GLACIER',
  DEEP_ARCHIVE: 'DEEP_ARCHIVE',
  INTELLIGENT_TIERING: 'INTELLIGENT_TIERING',
} as const
const ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'public-read-delivered',
  'public-read-write-delivered',
  'bucket-owner-full-control',
]

export function readObsProperties(call: Call, prefix: ObsPrefix, limits: Limits): ObjectProperties {
  const days = readDays(call)
  return {
    headers: readKeptHeaders(call, 'binary/octet-stream'),
    metadata: readMetadata(call, prefix, limits),
    tags: readTags(call, prefix, limits),
    storageClass: readStorageClass(call, prefix),
    acl: readOneOf(call, `${prefix}acl`, ACLS, 'InvalidArgument') ?? 'private',
    encryption: { ...readEncryption(call, prefix), ...readCustomerKey(call, prefix) },
    ...(days === undefined ? {} : { expiresAfterDays: days }),
  }
}

/** Returns the storage class by the names that the request uses. */
export function storageClassName(storageClass: string, prefix: ObsPrefix): string {
  const name = Object.entries(STORAGE_CLASSES).find(([own]) => own === storageClass)
  return (prefix === 'x-amz-' ? name?.[1] : name?.[0]) ?? storageClass
}

function readStorageClass(call: Call, prefix: ObsPrefix): string {
  const isAws = prefix === 'x-amz-'
  const names = Object.entries(STORAGE_CLASSES).map(([own, aws]) => [isAws ? aws : own, own] as const)
  const known = names.map(([name]) => name)
  const value = readOneOf(call, `${prefix}storage-class`, known, 'InvalidStorageClass')
  return names.find(([name]) => name === value)?.[1] ?? 'STANDARD'
}

function readEncryption(call: Call, prefix: ObsPrefix): Record<string, string> {
  const isAws = prefix === 'x-amz-'
  const names = [
    'server-side-encryption',
    `server-side-encryption-${isAws ? 'aws-' : ''}kms-key-id`,
    'server-side-data-encryption',
  ]
  const algorithms = ['AES256', isAws ? 'aws:kms' : 'kms']
  const code = 'InvalidEncryptionAlgorithmError'
  const [algorithm, keyId, dataAlgorithm] = names.map((name) => call.header(`${prefix}${name}`))
  readOneOf(call, `${prefix}server-side-encryption`, algorithms, code)
  if (keyId !== undefined && algorithm?.endsWith('kms') !== true) {
    throw failed('InvalidArgument', 'A key ID can only be used with encryption by KMS.')
  }
  if (dataAlgorithm !== undefined && (algorithm?.endsWith('kms') !== true || dataAlgorithm !== 'SM4')) {
    throw failed(code, 'SM4 is the only other algorithm, and can only be used with encryption by KMS.')
  }
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = call.header(`${prefix}${name}`)
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

/** Requests with a signature of AWS use this name, too. */
function readDays(call: Call): number | undefined {
  const text = call.header('x-obs-expires')
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text)
  throw failed('InvalidArgument', 'x-obs-expires must be a number of days.', {
    ArgumentName: 'x-obs-expires',
    ArgumentValue: text,
  })
}
