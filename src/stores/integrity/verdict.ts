import type { Checksum } from '../../checksum/checksum.js'
import { formatCrc64 } from '../../checksum/decimal.js'
import { combinedChecksum, combinedEtag } from './integrity.js'
import type { ObjectBody } from '../object/object-body.js'
import type { CompletedPart, ObjectHead, StoreDriver, StoredObject } from '../store-driver.js'

/** The expected object: sent in one request, or made of parts. */
export type ExpectedObject = {
  /** Bytes. */
  size: number
  /** CRC-64/XZ. */
  crc64: bigint
} & ({ body: ObjectBody } | { uploadId: string; parts: readonly CompletedPart[] })

/** The checksum that the service returned for an object, and whether it is the expected one. */
export interface Comparison {
  /** `unknown`: the service returned nothing that can be compared. */
  verdict: 'match' | 'mismatch' | 'unknown'
  /** Checksum that the service returned. */
  actual?: Checksum
  /** Expected value. */
  expected?: string
}

type Md5Certainty = Pick<StoreDriver, 'hasCertainMd5Etags'>

/** `found` is the response that published the object, or the object under its key. */
export async function compareObject(
  found: StoredObject & Partial<Pick<ObjectHead, 'size' | 'uploadId'>>,
  object: ExpectedObject,
  driver: Md5Certainty,
): Promise<Comparison> {
  const stated = found.checksum ?? crc64Of(found)
  const computed = stated === undefined ? undefined : await checksumOf(object, stated)
  const isOpaque = stated !== undefined && stated.value !== computed && isUnclear(stated, driver)
  const [actual, expected] = isOpaque ? [] : [stated, computed]
  const facts = { ...(actual === undefined ? {} : { actual }), ...(expected === undefined ? {} : { expected }) }
  if (found.size !== undefined && found.size !== object.size) return { verdict: 'mismatch', ...facts }
  if (expected !== undefined) return { verdict: actual?.value === expected ? 'match' : 'mismatch', ...facts }
  if (found.uploadId !== undefined && 'uploadId' in object) {
    return { verdict: found.uploadId === object.uploadId ? 'match' : 'mismatch', ...facts }
  }
  return { verdict: 'unknown', ...facts }
}

/**
 * Returns whether a difference proves nothing: an ETag may be that of encrypted bytes, even if no response reports an
 * encryption.
 */
export function isUnclear({ algorithm }: Checksum, { hasCertainMd5Etags }: Md5Certainty): boolean {
  return algorithm === 'md5' && !hasCertainMd5Etags
}

function crc64Of({ crc64 }: StoredObject): Checksum | undefined {
  return crc64 === undefined ? undefined : { algorithm: 'crc64ecma', value: crc64 }
}

/** Returns the expected value of a checksum of this kind; undefined if unknown. */
async function checksumOf(object: ExpectedObject, { algorithm, value }: Checksum): Promise<string | undefined> {
  if (algorithm === 'crc64ecma') return formatCrc64(object.crc64)
  const isOfParts = algorithm === 'md5' && value.includes('-')
  if ('body' in object) return isOfParts ? undefined : object.body.checksum(algorithm)
  if (algorithm === 'md5') return isOfParts ? combinedEtag(object.parts) : undefined
  return combinedChecksum(algorithm, object.parts)
}
