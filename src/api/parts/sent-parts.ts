/** The parts of a low-level multipart upload, and the object that they make. */
import { type RunningChecksum, startChecksum } from '../../checksum/checksum.js'
import { combineCrc64 as combineTwo } from '../../checksum/combine.js'
import { formatCrc64, parseCrc64 } from '../../checksum/decimal.js'
import {
  checkArray,
  checkInteger,
  checkObject,
  checkString,
  invalidOption,
  reading,
} from '../../shared/check-option.js'
import type { CompletedPart } from '../../stores/store-driver.js'

/**
 * A part as returned by `uploadPart()` and needed by `completeMultipartUpload()`. Plain JSON, for a queue or a database.
 */
export interface SentPart extends CompletedPart {
  /** Size in bytes. */
  size: number
  /** CRC-64/XZ of the sent bytes, in decimal. */
  crc64: string
  /** Offset of the part in the object, if it was sent from a range of a file. */
  start?: number
}

/** Starts a CRC-64/XZ. `update()` adds bytes, `digest()` returns the value in decimal. */
export function createCrc64(): RunningChecksum {
  return startChecksum('crc64ecma')
}

/** A part with at least the members that the service needs. */
export type GivenPart = CompletedPart & Partial<Pick<SentPart, 'crc64' | 'start'>>

/** The expected size and checksum of the object. */
export interface WholeOfParts {
  /** Bytes. */
  size: number
  crc64: bigint
}

/**
 * Returns the CRC-64/XZ, in decimal, of the parts concatenated in this order.
 * @throws {UploadError} INVALID_OPTION if a size or a CRC-64 is invalid.
 */
export function combineCrc64(parts: readonly { size: number; crc64: string }[]): string {
  const checked = checkArray('parts', parts).map((part) => {
    const { size, crc64 } = readPart(part)
    return { size: checkSize(size), crc64: checkCrc64(crc64) }
  })
  return formatCrc64(combineAll(checked))
}

/**
 * Returns the parts in the order of their numbers. Throws UploadError if a number occurs twice, or a part does not start
 * where the previous one ended.
 */
export function checkParts(parts: readonly GivenPart[], maxParts: number): GivenPart[] {
  const given = reading('parts', () => (Array.isArray(parts) ? Array.from<unknown>(parts) : []))
  if (given.length === 0) throw invalidOption('parts', parts, 'must be a list of at least one part')
  const sorted = given.map((part) => checkPart(part, maxParts)).sort((a, b) => a.partNumber - b.partNumber)
  const twice = sorted.find((part, index) => part.partNumber === sorted[index - 1]?.partNumber)
  if (twice !== undefined) throw invalidOption('partNumber', twice.partNumber, 'must not be given twice')
  checkStarts(sorted)
  return sorted
}

/** Returns size and checksum of the object, or undefined unless all parts have a size and a CRC-64. */
export function wholeOf(
  parts: readonly GivenPart[],
  { expectedSize, expectedCrc64 }: { expectedSize?: number | undefined; expectedCrc64?: string | undefined },
): WholeOfParts | undefined {
  const known = parts.flatMap(({ size, crc64 }) =>
    size === undefined || crc64 === undefined ? [] : [{ size, crc64: checkCrc64(crc64) }],
  )
  if (expectedSize !== undefined) checkExpectedSize(parts, expectedSize)
  const isKnown = known.length === parts.length
  const whole = { size: known.reduce((sum, { size }) => sum + size, 0), crc64: combineAll(known) }
  if (expectedCrc64 !== undefined && !(isKnown && whole.crc64 === checkCrc64(expectedCrc64, 'expectedCrc64'))) {
    const found = isKnown ? `make the CRC-64 ${formatCrc64(whole.crc64)}` : 'do not all have a size and a CRC-64'
    throw invalidOption(
      'expectedCrc64',
      expectedCrc64,
      `must be that of the parts: the ${parts.length} parts ${found}; nothing was sent`,
    )
  }
  return isKnown ? whole : undefined
}

function checkExpectedSize(parts: readonly GivenPart[], expectedSize: number): void {
  checkInteger('expectedSize', expectedSize, 0, Number.MAX_SAFE_INTEGER, 'bytes')
  const unknown = parts.find(({ size }) => size === undefined)
  if (unknown !== undefined) {
    throw invalidOption(
      'expectedSize',
      expectedSize,
      `must be left out unless every part has its size: part ${unknown.partNumber} has none`,
    )
  }
  const size = parts.reduce((sum, part) => sum + (part.size ?? 0), 0)
  if (size !== expectedSize) {
    throw invalidOption(
      'expectedSize',
      expectedSize,
      `must be that of the parts: the ${parts.length} parts have ${size} bytes; nothing was sent`,
    )
  }
}

/** Checks that each part starts where the previous one ended. Only ranges of files have a start. */
function checkStarts(sorted: readonly GivenPart[]): void {
  const [first] = sorted
  if (first?.start !== undefined && first.start > 0 && first.partNumber > 1) {
    throw invalidOption(
      'parts',
      `part ${first.partNumber} first`,
      'must begin with the first byte: the parts before are missing',
    )
  }
  let end: number | undefined
  for (const { partNumber, size, start } of sorted) {
    if (start !== undefined && end !== undefined && start !== end) {
      throw invalidOption(
        'parts',
        `part ${partNumber} from byte ${start}`,
        `must begin at byte ${end}, where the part before it ends; a part is missing or has the number of another`,
      )
    }
    const begins: number | undefined = start ?? end
    end = begins === undefined || size === undefined ? undefined : begins + size
  }
}

function checkPart(part: unknown, maxParts: number): GivenPart {
  const { partNumber, etag, size, checksum, crc64, start } = readPart(part)
  return {
    partNumber: checkInteger('partNumber', partNumber, 1, maxParts),
    etag: checkString('etag', etag),
    ...(size === undefined ? {} : { size: checkSize(size) }),
    ...(checksum === undefined ? {} : { checksum: checkString('checksum', checksum) }),
    ...(crc64 === undefined ? {} : { crc64: checkString('crc64', crc64) }),
    ...(start === undefined ? {} : { start: checkInteger('start', start, 0, Number.MAX_SAFE_INTEGER, 'bytes') }),
  }
}

function readPart(part: unknown): Partial<GivenPart> {
  const given = checkObject('a part', part) as Partial<GivenPart>
  return reading('a part', () => {
    const { partNumber, etag, size, checksum, crc64, start } = given
    return { partNumber, etag, size, checksum, crc64, start } as Partial<GivenPart>
  })
}

function checkSize(size: unknown): number {
  return checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER, 'bytes')
}

function checkCrc64(value: unknown, name = 'crc64'): bigint {
  const crc64 = typeof value === 'string' ? parseCrc64(value) : undefined
  if (crc64 === undefined) throw invalidOption(name, value, 'must be a CRC-64 in decimal, as uploadPart() returns it')
  return crc64
}

function combineAll(parts: readonly WholeOfParts[]): bigint {
  return parts.reduce((whole, { crc64, size }) => combineTwo(whole, crc64, size), 0n)
}
