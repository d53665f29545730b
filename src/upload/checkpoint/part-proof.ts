/**
 * Decides whether a stored part has the same bytes as one of this run. Listed parts are compared with the record. A stored
 * part that is not recorded (its response was lost with the process) counts if the service returns a checksum of it.
 */
import { parseCrc64 } from '../../checksum/decimal.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { CallContext, ListedPart, StoreDriver, UploadAddress } from '../../stores/store-driver.js'
import type { AcknowledgedPart } from '../parts/parts-ledger.js'
import type { CheckpointRecord, RecordedPart } from './upload-record.js'

/** A stored part with at least one checksum. */
export interface StoredPart {
  partNumber: number
  /** Size in bytes. */
  size: number
  etag: string
  crc64?: bigint
  /** Lower-case hex. */
  md5?: string
  /** Checksum of the service, which Complete must repeat. */
  checksum?: string
  /** Whether the record has the same part. */
  isRecorded: boolean
}

/** Lists all parts. Throws UploadError; `NO_SUCH_UPLOAD` if the upload does not exist. */
export async function listAllParts(
  driver: StoreDriver,
  upload: UploadAddress,
  context: CallContext,
  options: ObjectOptions,
): Promise<ListedPart[]> {
  const { parts, next } = await driver.listParts(upload, {}, context, options)
  const all = [...parts]
  for (let page = next; page !== undefined;) {
    const found = await driver.listParts(upload, page, context, options)
    all.push(...found.parts)
    page = found.next
  }
  return all
}

/** Returns the parts, by part number, that need not be sent again if their bytes are the same. */
export function provenParts(record: CheckpointRecord, listed: readonly ListedPart[]): Map<number, StoredPart> {
  const recorded = new Map(record.parts.map((part) => [part.partNumber, part]))
  const proven = new Map<number, StoredPart>()
  for (const part of listed) {
    const stored = provenPart(part, recorded.get(part.partNumber), record)
    if (stored !== undefined) proven.set(part.partNumber, stored)
  }
  return proven
}

/** Yields the parts from 1 up to the first that is missing, has another size than planned, or has no CRC-64. */
export function* unbrokenParts(
  parts: ReadonlyMap<number, StoredPart>,
  sizeOf: (partNumber: number) => number,
): Generator<AcknowledgedPart & { partNumber: number }> {
  for (let partNumber = 1; ; partNumber += 1) {
    const part = parts.get(partNumber)
    if (part?.crc64 === undefined || part.size !== sizeOf(partNumber)) return
    const { size, etag, crc64, checksum } = part
    yield { partNumber, size, etag, crc64, checksum }
  }
}

/** Yields all parts that the record has as the store lists them, and that have the planned sizes. */
export function* acknowledgedParts(
  parts: ReadonlyMap<number, StoredPart>,
  sizeOf: (partNumber: number) => number,
): Generator<AcknowledgedPart & { partNumber: number }> {
  for (const { partNumber, size, etag, crc64, checksum, isRecorded } of parts.values()) {
    if (!isRecorded || crc64 === undefined || size !== sizeOf(partNumber)) continue
    yield { partNumber, size, etag, crc64, checksum }
  }
}

/** Resolves with whether the stored part has exactly these bytes. */
export async function isSamePart(stored: StoredPart, body: ObjectBody): Promise<boolean> {
  const { size, crc64, md5 } = stored
  if (size !== body.size || (crc64 !== undefined && crc64 !== body.crc64)) return false
  return md5 === undefined || md5 === (await body.checksum('md5'))
}

/** Returns the MD5 in an ETag as lower-case hex, or undefined if the ETag has another form. */
export function md5OfEtag(etag: string): string | undefined {
  return /^"?([0-9a-f]{32})"?$/i.exec(etag)?.[1]?.toLowerCase()
}

function provenPart(
  listed: ListedPart,
  recorded: RecordedPart | undefined,
  record: CheckpointRecord,
): StoredPart | undefined {
  const { partNumber, size, etag } = listed
  const isRecorded = recorded !== undefined && isTheRecorded(listed, recorded)
  const crc64 = isRecorded ? recorded.crc64 : parsedCrc64(listed)
  const md5 = record.etagsAreMd5 ? md5OfEtag(etag) : undefined
  const checksum = isRecorded ? recorded.checksum : listed.checksum
  if (crc64 === undefined && md5 === undefined) return undefined
  // Complete must contain the checksums of all parts, or none.
  if (namesChecksums(record) && checksum === undefined) return undefined
  return {
    partNumber,
    size,
    etag,
    ...(crc64 === undefined ? {} : { crc64 }),
    ...(md5 === undefined ? {} : { md5 }),
    ...(checksum === undefined ? {} : { checksum }),
    isRecorded,
  }
}

/** Returns whether the service returns checksums: older clusters of OBS do not. */
function namesChecksums({ checksum, parts }: CheckpointRecord): boolean {
  return checksum !== undefined && (parts.length === 0 || parts.some((part) => part.checksum !== undefined))
}

function isTheRecorded(listed: ListedPart, recorded: RecordedPart): boolean {
  return (
    bare(listed.etag) === bare(recorded.etag) &&
    listed.size === recorded.size &&
    (listed.crc64 === undefined || parsedCrc64(listed) === recorded.crc64)
  )
}

function parsedCrc64({ crc64 }: ListedPart): bigint | undefined {
  return crc64 === undefined ? undefined : parseCrc64(crc64)
}

/** Returns an ETag without quotes: services differ in quoting it in listings. */
function bare(etag: string): string {
  return etag.replaceAll('"', '').toLowerCase()
}
