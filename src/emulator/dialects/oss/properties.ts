/**
 * Reads the headers that set the properties of an object in OSS (its documentation of PutObject and
 * InitiateMultipartUpload). Refuses values that OSS refuses.
 */
import { Buffer } from 'node:buffer'
import type { Call } from '../../http/call.js'
import type { Limits } from '../../limits.js'
import { invalidArgument, ServiceError } from '../../refusal.js'
import type { ObjectProperties } from '../../storage/stored-object.js'
import type { PropertySource } from '../dialect.js'

const STORAGE_CLASSES = ['Standard', 'IA', 'Archive', 'ColdArchive', 'DeepColdArchive']
const ACLS = ['default', 'private', 'public-read', 'public-read-write']
const ALGORITHMS = ['AES256', 'KMS', 'SM4']
const KEPT_HEADERS = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
]
const ENCRYPTION_HEADERS = ['server-side-encryption', 'server-side-encryption-key-id', 'server-side-data-encryption']
const META_PREFIX = 'x-oss-meta-'
/** Characters. */
const MAX_TAG_KEY = 128
const MAX_TAG_VALUE = 256

export function readOssProperties(call: Call, source: PropertySource, limits: Limits): ObjectProperties {
  return {
    headers: readKeptHeaders(call),
    metadata: readMetadata(call, limits),
    tags: readTags(call, limits),
    storageClass: readOneOf(call, 'x-oss-storage-class', STORAGE_CLASSES) ?? 'Standard',
    acl: (source === 'PutObject' ? readOssAcl(call) : undefined) ?? 'default',
    encryption: readEncryption(call),
  }
}

export function readOssAcl(call: Call): string | undefined {
  return readOneOf(call, 'x-oss-object-acl', ACLS)
}

/** A part has no properties: OSS refuses some of their headers there. */
export function checkOssPartHeaders(call: Call): void {
  for (const name of [...ENCRYPTION_HEADERS.map((header) => `x-oss-${header}`), 'x-oss-storage-class']) {
    const value = call.header(name)
    if (value !== undefined) throw invalidArgument(name, value, `${name} belongs to the initiation of the upload.`)
  }
}

function readKeptHeaders(call: Call): Record<string, string> {
  const kept = KEPT_HEADERS.flatMap((name) => {
    const value = call.header(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return { 'content-type': 'application/octet-stream', ...Object.fromEntries(kept) }
}

function readMetadata(call: Call, limits: Limits): Record<string, string> {
  const metadata = Object.entries(call.headers)
    .filter(([name]) => name.startsWith(META_PREFIX))
    .map(([name, value]) => [name.slice(META_PREFIX.length), value] as const)
  const size = metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  const badName = metadata.find(([name]) => !/^[a-z0-9-]+$/.test(name))?.[0]
  if (badName !== undefined) throw metadataError(badName, `The name ${badName} is not valid for user metadata.`)
  if (size > limits.maxMetadataBytes) throw metadataError(String(size), 'The user metadata is too large.')
  return Object.fromEntries(metadata)
}

function readTags(call: Call, limits: Limits): [name: string, value: string][] {
  const header = call.header('x-oss-tagging')
  if (header === undefined || header === '') return []
  const tags = [...new URLSearchParams(header)]
  const isTaken = tags.every(([name, value]) => fits(name, 1, MAX_TAG_KEY) && fits(value, 0, MAX_TAG_VALUE))
  const areUnique = new Set(tags.map(([name]) => name)).size === tags.length
  if (!isTaken || !areUnique || tags.length > limits.maxTags) throw invalidArgument('x-oss-tagging', header)
  return tags
}

function fits(text: string, min: number, max: number): boolean {
  const { length } = Array.from(text)
  return length >= min && length <= max
}

function readEncryption(call: Call): Record<string, string> {
  const headers = ENCRYPTION_HEADERS.flatMap((name) => {
    const value = call.header(`x-oss-${name}`)
    return value === undefined ? [] : [[name, value] as const]
  })
  const encryption = Object.fromEntries(headers)
  const algorithm = encryption['server-side-encryption']
  const keyId = encryption['server-side-encryption-key-id']
  const dataAlgorithm = encryption['server-side-data-encryption']
  if (algorithm !== undefined && !ALGORITHMS.includes(algorithm)) throw unknownAlgorithm(algorithm)
  if (keyId !== undefined && algorithm !== 'KMS') throw invalidArgument('x-oss-server-side-encryption-key-id', keyId)
  if (dataAlgorithm !== undefined && (algorithm !== 'KMS' || dataAlgorithm !== 'SM4')) {
    throw unknownAlgorithm(dataAlgorithm)
  }
  return encryption
}

function readOneOf(call: Call, name: string, values: readonly string[]): string | undefined {
  const value = call.header(name)
  if (value === undefined || values.includes(value)) return value
  throw invalidArgument(name, value, `${name} must be one of ${values.join(', ')}.`)
}

function unknownAlgorithm(value: string): ServiceError {
  const message = 'The encryption request you specified is not valid. Supported values: AES256, KMS, SM4.'
  return new ServiceError({ status: 400, code: 'InvalidEncryptionAlgorithmError', message }, { ArgumentValue: value })
}

function metadataError(value: string, message: string): ServiceError {
  const shape = { status: 400, code: 'InvalidArgument', message, ec: '0011-00000002' }
  return new ServiceError(shape, { ArgumentName: 'x-oss-meta', ArgumentValue: value })
}
