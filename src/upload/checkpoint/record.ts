/**
 * What is recorded of an unfinished upload, and its text. The text is JSON of one part a line, closed by a CRC-64 of all
 * before it: what was cut or changed is noticed, and no secret is in it.
 */
import {
  asCount,
  asObject,
  asText,
  seal,
  type SealedKind,
  unseal,
  type Unsealed,
} from '../../checkpoint/sealed-text.js'
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../../shared/checksum-names.js'
import { formatCrc64, parseCrc64 } from '../../checksum/decimal.js'
import { type Provider, PROVIDER_NAMES } from '../../shared/provider.js'

export interface CheckpointRecord {
  provider: Provider
  bucket: string
  key: string
  /** The object's URL, so that nothing is resumed against another cluster. */
  location: string
  uploadId: string
  /** Bytes of the first part: with it every other size is planned. */
  partSize: number
  options: OptionsFingerprint
  /** What the parts' `checksum` is. Absent where the service wants none again. */
  checksum?: ChecksumAlgorithm
  /** Whether the service's ETags of parts were found to be their MD5. */
  etagsAreMd5: boolean
  /** Of an upload from a file: how it was when it was read. */
  file?: RecordedFile
  /** By their numbers, ascending. */
  parts: readonly RecordedPart[]
}

/** What the object is to be (metadata, encryption and the like), as a salted hash. */
export interface OptionsFingerprint {
  /** Hex. */
  salt: string
  /** Hex. */
  hash: string
}

export interface RecordedFile {
  /** Bytes. */
  size: number
  /** When it was last changed: nanoseconds since 1970, as decimal text. */
  mtimeNs: string
}

/** A part that the store acknowledged. */
export interface RecordedPart {
  /** 1-based. */
  partNumber: number
  /** Bytes. */
  size: number
  /** As the service gave it, with its quotes. */
  etag: string
  crc64: bigint
  /** The service's own checksum, where it told one. */
  checksum?: string
}

/** All of a record but its parts. */
export type RecordHead = Omit<CheckpointRecord, 'parts'>

/** What a text turned out to be; `foreign` must not be overwritten. */
export type Reading = Unsealed<CheckpointRecord>

const KIND: SealedKind = { format: 'oss-upload-stream-checkpoint', version: 1, list: 'parts' }

/** `parts` are what `formatPart` made, in the order of their numbers. */
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

/** Whether it is a whole record of an upload. */
export function isUploadRecord(text: string): boolean {
  return readRecord(text).kind === 'record'
}

/** The sum says that this library wrote it: what is left to see is that it is no other library's idea of the format. */
function recordOf(value: unknown): CheckpointRecord {
  const record = asObject('the record', value)
  const options = asObject('options', record['options'])
  const { checksum, file } = record
  const parts = record['parts']
  if (!Array.isArray(parts)) throw new Error('parts is no list')
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
    parts: partsOf(parts),
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
      crc64: parseCrc64(asText('crc64', crc64)),
      ...(checksum === undefined ? {} : { checksum: asText('checksum', checksum) }),
    }
    if (part.crc64 === undefined) throw new Error('crc64 is no CRC-64')
    if (part.partNumber <= before) throw new Error('the parts are not in the order of their numbers')
    before = part.partNumber
    return { ...part, crc64: part.crc64 }
  })
}

function oneOf<T>(name: string, value: unknown, accepted: readonly T[]): T {
  const found = accepted.find((item) => item === value)
  if (found === undefined) throw new Error(`${name} is none that is known`)
  return found
}
