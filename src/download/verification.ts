/** Compares the bytes with the checksum and size that the service returned. */
import { type Checksum, type RunningChecksum, startComparison } from '../checksum/checksum.js'
import { mismatch } from '../stores/integrity/mismatch.js'
import { isUnclear } from '../stores/integrity/verdict.js'
import { CHECKSUM_NAMES } from '../shared/checksum-names.js'
import type { CallContext, ObjectHead } from '../stores/store-driver.js'
import { EtagOfParts } from './etag-of-parts.js'
import { ObjectPin, type PinnedObject } from './object-pin.js'
import { partSizes } from './part-sizes.js'

/**
 * How an object was verified: by its CRC-64 (OSS, OBS), its CRC-32 or CRC-64/NVME (S3), its ETag if that is made of
 * MD5s, or by its size only, if the service has nothing else to compare, as for an object that OBS encrypts, or if only
 * a range was read.
 */
export type VerifiedBy = 'crc64' | 'crc32' | 'crc64nvme' | 'etag' | 'size'

/** Context of the requests. */
export type VerifyingContext = Pick<CallContext, 'signal' | 'outageObserver'>

/** The expected content. */
export interface ExpectedContent {
  checksum: Checksum | undefined
  /** Size of each part in bytes, if the checksum is an ETag made of those of parts. */
  parts: readonly number[] | undefined
}

/**
 * Resolves with the expected content of the whole object. Requests it if the response to a range does not contain it.
 *
 * @throws {UploadError} if that fails, or the object was replaced.
 */
export async function expectedContent(
  verified: PinnedObject,
  verify: 'checksum' | 'etag',
  isOneResponse: boolean,
  { signal, outageObserver }: VerifyingContext,
): Promise<ExpectedContent> {
  const context = { signal, outageObserver, isUnderWay: true }
  const { driver, object } = verified
  let { checksum } = object
  if (!driver.returnsChecksumWithRanges && !(isOneResponse && startComparison(checksum) !== undefined)) {
    const head = await headOf(verified, context)
    checksum = head.checksum ?? checksum
  }
  const isOfParts = checksum?.algorithm === 'md5' && checksum.value.includes('-')
  if (!isOfParts || verify !== 'etag') return { checksum, parts: undefined }
  return { checksum, parts: await partSizes(verified, numberOfParts(checksum), context) }
}

/** Starts the checksum to compare. Returns undefined if there is none, or if the ranges have it already. */
export function startDigest({ checksum, parts }: ExpectedContent): RunningChecksum | undefined {
  if (checksum?.algorithm === 'crc64ecma') return undefined
  return parts === undefined ? startComparison(checksum) : new EtagOfParts(parts)
}

/** Compares the computed `value`; undefined if nothing can be compared. @throws {UploadError} `CHECKSUM_MISMATCH`. */
export function compareContent(
  { driver, key }: Pick<PinnedObject, 'driver' | 'key'>,
  checksum: Checksum | undefined,
  value: string | undefined,
): VerifiedBy {
  if (checksum === undefined || value === undefined) return 'size'
  if (value === checksum.value) return VERIFIED_BY[checksum.algorithm]
  if (isUnclear(checksum, driver)) return 'size'
  const name = checksum.algorithm === 'md5' ? 'ETag' : CHECKSUM_NAMES[checksum.algorithm]
  const message = `the bytes read of ${JSON.stringify(key)} have ${name} ${value}, the object has ${checksum.value}`
  throw mismatch(message, { bucket: driver.bucket, key })
}

const VERIFIED_BY: Readonly<Record<Checksum['algorithm'], VerifiedBy>> = {
  crc64ecma: 'crc64',
  crc64nvme: 'crc64nvme',
  crc32: 'crc32',
  md5: 'etag',
}

async function headOf({ driver, key, object, read }: PinnedObject, context: CallContext): Promise<ObjectHead> {
  const pin = new ObjectPin(driver.bucket, key)
  pin.check(object)
  const found = await driver.headObject(key, context, read).catch((error: unknown) => {
    throw pin.failureOf(error)
  })
  pin.check(found)
  return found
}

function numberOfParts(checksum: Checksum | undefined): number {
  return Number(checksum?.value.split('-')[1])
}
