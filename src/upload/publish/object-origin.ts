/**
 * Whether an object with the expected bytes comes from the request whose response was lost, or was there before: then it
 * may have another ACL, other metadata or another storage class than this upload was to give it.
 */
import { UploadError } from '../../shared/errors.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { CallContext, ObjectHead, StoreDriver, UploadAddress } from '../../stores/store-driver.js'

/** `unclear`: nothing that the service returned decides it. */
export type ObjectOrigin = 'ours' | 'others' | 'unclear'

/** `Date` and `Last-Modified` are in whole seconds. */
const PRECISION_MS = 1000

/** Tells by what HeadObject returned whether PutObject made the object. */
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
 * Tells whether Complete made the object: the upload is gone then. `Last-Modified` does not help, since S3 gives there
 * when the upload was initiated (its user guide, "Multipart upload overview").
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

/** Compares the service's times with each other only: clocks of other machines may be wrong. */
function originByTime({ lastModified, headers }: ObjectHead, { putAt, lookedAt, foundAt }: RequestTimes): ObjectOrigin {
  const answeredAt = Date.parse(headers['date'] ?? '')
  if (lastModified === undefined || Number.isNaN(answeredAt)) return 'unclear'
  // By the service's clock PutObject began between these two.
  const earliest = answeredAt - (foundAt - putAt)
  const latest = answeredAt + PRECISION_MS - (lookedAt - putAt)
  if (lastModified.getTime() >= latest) return 'ours'
  return lastModified.getTime() + PRECISION_MS <= earliest ? 'others' : 'unclear'
}

/** Whether what HeadObject returned differs from what the object was to be, as far as it can be compared. */
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
