/** Aborts old unfinished multipart uploads. */
import { types } from 'node:util'
import { checkBoolean, checkInteger, invalidOption, reading } from '../shared/check-option.js'
import { toError, UploadError } from '../shared/errors.js'
import type { CallContext, ListedUpload, StoreDriver } from '../stores/store-driver.js'
import { Scheduler } from '../flow/scheduler.js'
import { type CallOptions, contextOf, takeCallOptions } from './call-options.js'
import { uploadsPages, type UploadsPage } from './listings.js'

/** Options of `abortStaleUploads()`. One of `olderThanMs` and `before` is required. */
export interface AbortStaleUploadsOptions extends CallOptions {
  /** Minimum age in milliseconds, by the clock of the service; 0 for all uploads whose age the service returns. */
  olderThanMs?: number | undefined
  /** Latest time of initiation. */
  before?: Date | undefined
  /** Only uploads of keys that start with this prefix. Default: all of the bucket. */
  prefix?: string | undefined
  /** Aborts nothing, and returns what would be aborted. Default false. */
  dryRun?: boolean | undefined
  /** Number of uploads to abort at a time, 1 to 100. Default 5. */
  concurrency?: number | undefined
}

/** The result of `abortStaleUploads()`. */
export interface StaleUploads {
  /** Aborted uploads, in no order; with `dryRun`, those that would be aborted. */
  aborted: ListedUpload[]
  /** Uploads that could not be aborted, with the errors. */
  failed: { upload: ListedUpload; error: Error }[]
  /** Number of other uploads: younger ones, and those whose age the service does not return. */
  kept: number
  /** The service may have more uploads than it listed, as MinIO; see `UploadsPage`. */
  isPartial?: true
}

const NAMES = ['olderThanMs', 'before', 'prefix', 'dryRun', 'concurrency']

/** Aborts the uploads. If the listing fails, rejects once all aborts in flight have settled. */
export async function abortStaleUploads(driver: StoreDriver, given: AbortStaleUploadsOptions): Promise<StaleUploads> {
  const options = takeCallOptions(given, NAMES)
  const context = contextOf(options)
  const { prefix, signal, onRetry, dryRun = false, concurrency = 5 } = options
  const isDry = checkBoolean('dryRun', dryRun)
  const timeLimit = checkAge(options)
  const scheduler = new Scheduler({ limit: checkInteger('concurrency', concurrency, 1, 100) })
  const stale: StaleUploads = { aborted: [], failed: [], kept: 0 }
  try {
    for await (const page of uploadsPages(driver, { prefix, signal, onRetry })) {
      const latest = timeLimit(page)
      if (page.isPartial) stale.isPartial = true
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

/** Returns a function that returns, for a page, the latest time of initiation of an upload to abort. */
function checkAge({ olderThanMs, before }: AbortStaleUploadsOptions): (page: UploadsPage) => number {
  if ((olderThanMs === undefined) === (before === undefined)) {
    throw new UploadError('INVALID_OPTION', 'exactly one of the options olderThanMs and before must be given')
  }
  if (before !== undefined) {
    const time = reading('before', () => (types.isDate(before) ? before.getTime() : NaN))
    if (Number.isNaN(time)) throw invalidOption('before', before, 'must be a Date')
    return () => time
  }
  const age = checkInteger('olderThanMs', olderThanMs, 0, Number.MAX_SAFE_INTEGER, 'ms')
  // All listed uploads are initiated. The Date header has whole seconds, so it may be earlier than one of this second.
  if (age === 0) return () => Infinity
  // The times of uploads are those of the service: with a local clock that is ahead, young uploads would look old.
  return ({ answeredAt }) => (answeredAt?.getTime() ?? Date.now()) - age
}

function throwIfAborted({ bucket }: StoreDriver, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  const cause: unknown = signal.reason
  throw new UploadError('ABORTED', 'aborting stale uploads was cancelled', { bucket, cause })
}
