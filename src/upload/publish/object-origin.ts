/**
 * Decides whether an object with the expected bytes comes from a request whose response was lost, or existed before: then it
 * may have another ACL, storage class or other metadata than this upload sets.
 */
import { UploadError } from '../../shared/errors.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { CallContext, ObjectHead, StoreDriver, UploadAddress } from '../../stores/store-driver.js'

/** `unclear`: the response of the service does not decide it. */
export type ObjectOrigin = 'ours' | 'others' | 'unclear'

/** `Date` and `Last-Modified` are in whole seconds. */
const PRECISION_MS = 1000

/** Decides by a HeadObject response whether PutObject created the object. */
export function originOfPut(head: ObjectHead, options: ObjectOptions, times: RequestTimes): ObjectOrigin {
  return hasOtherOptions(head, options) ? 'others' : originByTime(head, times)
}

/** Milliseconds of the local monotonic clock. */
export interface RequestTimes {
  /** Before the first attempt at PutObject. */
  putAt: number
  /** Before the HeadObject that found the object. */
  lookedAt: number
  /** After it. */
  foundAt: number
}

/**
 * Decides whether Complete created the object: then the upload is gone. `Last-Modified` does not help, as on S3 it is the time
 * of initiation (user guide, "Multipart upload overview").
 */
export async function originOfComplete(
  driver: StoreDriver,
  upload: UploadAddress,
  head: ObjectHead,
  error: UploadError,
  options: ObjectOptions,
  context: CallContext,
): Promise<ObjectOrigin> {
  if (head.uploadId !== undefined) return head.uploadId === upload.uploadId ? 'ours' : 'others'
  if (error.code === 'NO_SUCH_UPLOAD') return 'ours'
  try {
    await driver.listParts(upload, { limit: 1 }, { ...context, isUnderWay: true }, options)
    return 'others'
  } catch (failure) {
    return failure instanceof UploadError && failure.code === 'NO_SUCH_UPLOAD' ? 'ours' : 'unclear'
  }
}

/** Only compares times of the service with each other, as the local clock may be wrong. */
function originByTime({ lastModified, headers }: ObjectHead, { putAt, lookedAt, foundAt }: RequestTimes): ObjectOrigin {
  const answeredAt = Date.parse(headers['date'] ?? '')
  if (lastModified === undefined || Number.isNaN(answeredAt)) return 'unclear'
  // By the clock of the service, PutObject started between these two.
  const earliest = answeredAt - (foundAt - putAt)
  const latest = answeredAt + PRECISION_MS - (lookedAt - putAt)
  if (lastModified.getTime() >= latest) return 'ours'
  return lastModified.getTime() + PRECISION_MS <= earliest ? 'others' : 'unclear'
}

/** Returns whether the HeadObject response differs from the options of the object, as far as they can be compared. */
export function hasOtherOptions(
  head: ObjectHead,
  { contentType, metadata = {}, storageClass }: ObjectOptions,
): boolean {
  const isOther = (wanted: string | undefined, found: string | undefined): boolean =>
    wanted !== undefined && found !== undefined && wanted.toLowerCase() !== found.toLowerCase()
  const wanted = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), value] as const)
  return (
    isOther(contentType, head.contentType) ||
    isOther(storageClass, head.storageClass) ||
    wanted.some(([name, value]) => head.metadata[name] !== value)
  )
}
