/** Requests the size of each part of an object (Amazon S3 API, HeadObject with `partNumber`). */
import { UploadError } from '../shared/errors.js'
import type { CallContext } from '../stores/store-driver.js'
import { ObjectPin, type PinnedObject } from './object-pin.js'

/** Requests in flight. */
const AT_A_TIME = 16

/**
 * Resolves with the size of each part in bytes, or with undefined if the service does not return them. Every part is
 * requested, as parts may have different sizes.
 *
 * @throws {UploadError} if a request fails for another reason, or the object was replaced.
 */
export async function partSizes(
  verified: PinnedObject,
  count: number,
  context: CallContext,
): Promise<readonly number[] | undefined> {
  const { size } = verified.object
  const first = await partSize(verified, 1, context)
  // A service that ignores the parameter reports the whole object.
  if (first === undefined || (first === size && count > 1)) return undefined
  const sizes: number[] = [first]
  let next = 2
  const ask = async (): Promise<boolean> => {
    while (next <= count) {
      const partNumber = next
      next += 1
      let found: number | undefined
      try {
        found = await partSize(verified, partNumber, context)
      } finally {
        // Without this size, those of the others are useless.
        if (found === undefined) next = Infinity
      }
      if (found === undefined) return false
      sizes[partNumber - 1] = found
    }
    return true
  }
  const areKnown = await Promise.all(Array.from({ length: Math.min(AT_A_TIME, count - 1) }, ask))
  return areKnown.every(Boolean) && sizes.reduce((sum, one) => sum + one, 0) === size ? sizes : undefined
}

async function partSize(
  { driver, key, read, object }: PinnedObject,
  partNumber: number,
  context: CallContext,
): Promise<number | undefined> {
  const pin = new ObjectPin(driver.bucket, key)
  pin.check(object)
  try {
    const head = await driver.headObject(key, context, { ...read, partNumber })
    // The service does not return the size of the whole object.
    pin.check({ ...head, size: object.size })
    const text = head.headers['content-length'] ?? ''
    return /^\d+$/.test(text) ? Number(text) : undefined
  } catch (error) {
    if (isNotSupported(error)) return undefined
    throw pin.failureOf(error)
  }
}

/** Returns whether the service does not support the parameter, or returned no size of a part. */
function isNotSupported(error: unknown): boolean {
  return error instanceof UploadError && (error.code === 'REJECTED' || error.code === 'BAD_ANSWER')
}
