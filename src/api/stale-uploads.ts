/** Housekeeping: unfinished multipart uploads that nobody will finish any more. */
import { checkBoolean, checkInteger, invalidOption } from '../shared/check-option.js'
import { toError, UploadError } from '../shared/errors.js'
import type { CallContext, ListedUpload, StoreDriver } from '../stores/store-driver.js'
import { Scheduler } from '../flow/scheduler.js'
import { type CallOptions, contextOf } from './call-options.js'
import { uploadsPages, type UploadsPage } from './listings.js'

/** Which uploads: one of `olderThanMs` and `before` is needed. */
export interface AbortStaleUploadsOptions extends CallOptions {
  /** Begun so many milliseconds ago or earlier, by the service's clock; 0 for all whose age the service reports. */
  olderThanMs?: number | undefined
  /** Begun at this time or earlier. */
  before?: Date | undefined
  /** Of keys that begin with it. Default: all of the bucket. */
  prefix?: string | undefined
  /** Abort nothing, and answer what would be aborted. Default false. */
  dryRun?: boolean | undefined
  /** Aborted at the same time, 1 to 100. Default 5. */
  concurrency?: number | undefined
}

/** What became of the unfinished uploads of a bucket. */
export interface StaleUploads {
  /** Those that were aborted; with `dryRun`, those that would be. In no order. */
  aborted: ListedUpload[]
  /** Those that are still there, and why. */
  failed: { upload: ListedUpload; error: Error }[]
  /** How many others there are: younger ones, and those of which the service does not tell the age. */
  kept: number
}

const NAMES = ['olderThanMs', 'before', 'prefix', 'dryRun', 'concurrency']

/** Rejects where the uploads cannot be listed to the end, once nothing is under way any more. */
export async function abortStaleUploads(driver: StoreDriver, options: AbortStaleUploadsOptions): Promise<StaleUploads> {
  const context = contextOf(options, NAMES)
  const { prefix, signal, onRetry, dryRun = false, concurrency = 5 } = options
  const isDry = checkBoolean('dryRun', dryRun)
  const timeLimit = checkAge(options)
  const scheduler = new Scheduler({ limit: checkInteger('concurrency', concurrency, 1, 100) })
  const stale: StaleUploads = { aborted: [], failed: [], kept: 0 }
  try {
    for await (const page of uploadsPages(driver, { prefix, signal, onRetry })) {
      const latest = timeLimit(page)
      for (const upload of page.uploads) {
        if (upload.initiated === undefined || upload.initiated.getTime() > latest) {
          stale.kept += 1
        } else if (isDry) {
          stale.aborted.push(upload)
        } else {
          await scheduler.room()
          throwIfAborted(driver, signal)
          scheduler.run(() => abortOne(driver, upload, context, stale))
        }
      }
    }
  } finally {
    await scheduler.idle()
  }
  throwIfAborted(driver, signal)
  return stale
}

async function abortOne(
  driver: StoreDriver,
  upload: ListedUpload,
  context: CallContext,
  { aborted, failed }: StaleUploads,
): Promise<void> {
  try {
    await driver.abortMultipartUpload(upload, context)
    aborted.push(upload)
  } catch (error) {
    failed.push({ upload, error: toError(error) })
  }
}

/** What tells, for a page, the latest time at which an upload of it may have been begun. */
function checkAge({ olderThanMs, before }: AbortStaleUploadsOptions): (page: UploadsPage) => number {
  if ((olderThanMs === undefined) === (before === undefined)) {
    throw new UploadError('INVALID_OPTION', 'exactly one of the options olderThanMs and before must be given')
  }
  if (before !== undefined) {
    const time = before instanceof Date ? before.getTime() : NaN
    if (Number.isNaN(time)) throw invalidOption('before', before, 'must be a Date')
    return () => time
  }
  const age = checkInteger('olderThanMs', olderThanMs, 0, Number.MAX_SAFE_INTEGER, 'ms')
  // Every upload that is listed has begun. The service's Date has whole seconds: it may be earlier than one of this second.
  if (age === 0) return () => Infinity
  // The times of uploads are the service's: a clock here that is ahead would make young uploads old.
  return ({ answeredAt }) => (answeredAt?.getTime() ?? Date.now()) - age
}

function throwIfAborted({ bucket }: StoreDriver, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  const cause: unknown = signal.reason
  throw new UploadError('ABORTED', 'aborting stale uploads was cancelled', { bucket, cause })
}
