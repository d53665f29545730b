/**
 * The record of an unfinished upload, and its text: JSON with one part a line, and a CRC-64 of all the text before it at the
 * end, which detects a truncated or changed record. It contains no secret.
 */
import {
  asCount,
  asCrc64,
  asList,
  asObject,
  asText,
  seal,
  type SealedKind,
  unseal,
  type Unsealed,
} from '../../checkpoint/sealed-text.js'
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../../shared/checksum-names.js'
import { formatCrc64 } from '../../checksum/decimal.js'
import { type Provider, PROVIDER_NAMES } from '../../shared/provider.js'

export interface CheckpointRecord {
  provider: Provider
  bucket: string
  key: string
  /** URL of the object, so that no upload is resumed at another endpoint. */
  location: string
  uploadId: string
  /** Size in bytes of the first part, which determines all others. */
  partSize: number
  options: OptionsFingerprint
  /** Algorithm of the `checksum` of the parts. Absent if Complete needs none. */
  checksum?: ChecksumAlgorithm
  /** Whether the ETags of parts are their MD5. */
  etagsAreMd5: boolean
  /** Properties of the file when it was read, if the upload is from a file. */
  file?: RecordedFile
  /** In ascending order of their numbers. */
  parts: readonly RecordedPart[]
}

/** A salted hash of the options of the object, such as metadata and encryption. */
export interface OptionsFingerprint {
  /** Hex. */
  salt: string
  /** Hex. */
  hash: string
}

export interface RecordedFile {
  /** Size in bytes. */
  size: number
  /** Time of the last change: nanoseconds since 1970, as decimal text. */
  mtimeNs: string
}

/** An acknowledged part. */
export interface RecordedPart {
  /** Part number, from 1. */
  partNumber: number
  /** Size in bytes. */
  size: number
  /** ETag as returned by the service, with its quotes. */
  etag: string
  crc64: bigint
  /** Checksum that the service returned, if any. */
  checksum?: string
}

/** A record without its parts. */
export type RecordHead = Omit<CheckpointRecord, 'parts'>

/** The result of reading a text. A `foreign` one must not be overwritten. */
export type Reading = Unsealed<CheckpointRecord>

const KIND: SealedKind = { format: 'oss-upload-stream-checkpoint', version: 1, list: 'parts' }

/** Returns the text of a record. `parts` are texts of `formatPart`, in the order of their numbers. */
export function formatRecord(head: RecordHead, parts: readonly string[]): string {
  const { options, file, checksum, ...plain } = head
  const facts = { ...plain, options, ...(checksum === undefined ? {} : { checksum }), ...(file ? { file } : {}) }
  return seal(KIND, facts, parts)
}

export function formatPart({ crc64, ...part }: RecordedPart): string {
  return JSON.stringify({ ...part, crc64: formatCrc64(crc64) })
}

export function readRecord(text: string): Reading {
  return unseal(KIND, text, recordOf)
}

/** Returns whether the text is a complete record of an upload. */
export function isUploadRecord(text: string): boolean {
  return readRecord(text).kind === 'record'
}

/** Converts parsed JSON to a record. The checksum is right, so only the format can differ. */
function recordOf(value: unknown): CheckpointRecord {
  const record = asObject('the record', value)
  const options = asObject('options', record['options'])
  const { checksum, file } = record
  return {
    provider: oneOf('provider', record['provider'], PROVIDER_NAMES),
    bucket: asText('bucket', record['bucket']),
    key: asText('key', record['key']),
    location: asText('location', record['location']),
    uploadId: asText('uploadId', record['uploadId']),
    partSize: asCount('partSize', record['partSize']),
    options: { salt: asText('salt', options['salt']), hash: asText('hash', options['hash']) },
    ...(checksum === undefined ? {} : { checksum: oneOf('checksum', checksum, CHECKSUM_ALGORITHMS) }),
    etagsAreMd5: oneOf('etagsAreMd5', record['etagsAreMd5'], [true, false] as const),
    ...(file === undefined ? {} : { file: fileOf(asObject('file', file)) }),
    parts: partsOf(asList('parts', record['parts'])),
  }
}

function fileOf({ size, mtimeNs }: Record<string, unknown>): RecordedFile {
  return { size: asCount('size', size), mtimeNs: asText('mtimeNs', mtimeNs) }
}

function partsOf(values: readonly unknown[]): RecordedPart[] {
  let before = 0
  return values.map((value) => {
    const { partNumber, size, etag, crc64, checksum } = asObject('a part', value)
    const part = {
      partNumber: asCount('partNumber', partNumber),
      size: asCount('size', size),
      etag: asText('etag', etag),
      crc64: asCrc64('crc64', crc64),
      ...(checksum === undefined ? {} : { checksum: asText('checksum', checksum) }),
    }
    if (part.partNumber <= before) throw new Error('the parts are not in the order of their numbers')
    before = part.partNumber
    return part
  })
}

function oneOf<T>(name: string, value: unknown, accepted: readonly T[]): T {
  const found = accepted.find((item) => item === value)
  if (found === undefined) throw new Error(`${name} is unknown`)
  return found
}
