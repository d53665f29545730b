/**
 * What shows that a part in the store is made of the same bytes as one cut now. What the store lists is held against the
 * record; a part that it has and the record has not (its answer was lost with the process) counts where the store itself
 * tells a checksum of it.
 */
import { parseCrc64 } from '../../checksum/decimal.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { CallContext, ListedPart, StoreDriver, UploadAddress } from '../../stores/store-driver.js'
import type { AcknowledgedPart } from '../parts-ledger.js'
import type { CheckpointRecord, RecordedPart } from './record.js'

/** A part in the store, with what is known of its bytes; one of the checksums at least. */
export interface StoredPart {
  partNumber: number
  /** Bytes. */
  size: number
  etag: string
  crc64?: bigint
  /** Lower-case hex. */
  md5?: string
  /** The service's own checksum, which Complete wants again. */
  checksum?: string
  /** Whether it is in the record as it is here. */
  isRecorded: boolean
}

/** All pages. Throws UploadError; `NO_SUCH_UPLOAD` where the upload is gone. */
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

/** By part number: what need not be sent again when its bytes turn out to be the same. */
export function provenParts(record: CheckpointRecord, listed: readonly ListedPart[]): Map<number, StoredPart> {
  const recorded = new Map(record.parts.map((part) => [part.partNumber, part]))
  const proven = new Map<number, StoredPart>()
  for (const part of listed) {
    const stored = provenPart(part, recorded.get(part.partNumber), record)
    if (stored !== undefined) proven.set(part.partNumber, stored)
  }
  return proven
}

/** The parts 1, 2, … up to the first that is missing, has another size than planned, or no CRC-64 to be told of the whole. */
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

/** All parts that are recorded as the store lists them, and have the sizes that are planned. */
export function* acknowledgedParts(
  parts: ReadonlyMap<number, StoredPart>,
  sizeOf: (partNumber: number) => number,
): Generator<AcknowledgedPart & { partNumber: number }> {
  for (const { partNumber, size, etag, crc64, checksum, isRecorded } of parts.values()) {
    if (!isRecorded || crc64 === undefined || size !== sizeOf(partNumber)) continue
    yield { partNumber, size, etag, crc64, checksum }
  }
}

/** Whether the part in the store has exactly these bytes. */
export async function isSamePart(stored: StoredPart, body: ObjectBody): Promise<boolean> {
  const { size, crc64, md5 } = stored
  if (size !== body.size || (crc64 !== undefined && crc64 !== body.crc64)) return false
  return md5 === undefined || md5 === (await body.checksum('md5'))
}

/** The MD5 that an ETag of a part may be: lower-case hex, or undefined where it is none. */
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
  // Complete is to tell that of every part, or of none.
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

/** Older clusters of OBS have none, although the service of today has. */
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

/** Services are not of one mind about quotes in listings. */
function bare(etag: string): string {
  return etag.replaceAll('"', '').toLowerCase()
}
