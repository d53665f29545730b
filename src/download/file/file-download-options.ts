import { invalidOption, takeOptions } from '../../shared/check-option.js'
import { checkCallbacks, type EventTable } from '../../shared/event-callbacks.js'
import type { AwayNotice, BackNotice, ObjectHead, RetryNotice } from '../../stores/store-driver.js'
import {
  checkReadingOptions,
  type CheckedReading,
  READING_OPTION_NAMES,
  type ReadingOptions,
} from '../download-options.js'

/** What was found of a previous run. */
export interface ResumedDownload {
  /** Bytes that are in the file already, and were compared with their CRC-64. */
  bytes: number
}

/**
 * Why a previous run's download is not resumed:
 *
 * - `record-damaged`: the checkpoint cannot be read.
 * - `object-changed`: it belongs to another object, or the object was replaced.
 * - `file-changed`: the partial file does not exist, or has other bytes.
 */
export type DownloadRestartReason = 'record-damaged' | 'object-changed' | 'file-changed'

/** A download starts over although a checkpoint was there. */
export interface DownloadRestart {
  reason: DownloadRestartReason
  message: string
}

export interface FileDownloadOptions extends ReadingOptions {
  /**
   * Where progress is recorded, so that the same call, made again after a crash or a failure, reads only what is
   * missing: the path of a file. Default true: a hidden file beside the target. False: none; then a failure removes the
   * partial file.
   */
  checkpoint?: boolean | string | undefined
  /** Called when the object is known, before its bytes are written. */
  onObject?: ((object: ObjectHead) => void) | undefined
  /** Called when a previous run's download is resumed. */
  onResumed?: ((download: ResumedDownload) => void) | undefined
  /** Called when there was a checkpoint, but the download starts over. */
  onRestarted?: ((notice: DownloadRestart) => void) | undefined
  /** Called when an attempt failed and another follows. */
  onRetry?: ((retry: RetryNotice) => void) | undefined
  /** Called when the service cannot be reached, or fails: requests wait until it is back. */
  onAway?: ((notice: AwayNotice) => void) | undefined
  /** Called when the service responds again. */
  onBack?: ((notice: BackNotice) => void) | undefined
}

type DownloadCallbacks = Omit<FileDownloadOptions, keyof ReadingOptions | 'checkpoint'>

/** The event of each callback. */
const CALLBACKS: EventTable<DownloadCallbacks, string> = {
  onObject: 'object',
  onResumed: 'resumed',
  onRestarted: 'restarted',
  onRetry: 'retry',
  onAway: 'away',
  onBack: 'back',
}

export interface CheckedFileReading extends CheckedReading {
  checkpoint: boolean | string
  callbacks: DownloadCallbacks
}

/** @throws {UploadError} if an option is invalid. */
export function checkFileDownloadOptions(given: FileDownloadOptions): CheckedFileReading {
  const options = takeOptions('a download', given, [...READING_OPTION_NAMES, 'checkpoint', ...Object.keys(CALLBACKS)])
  const reading = checkReadingOptions(options)
  checkCallbacks<DownloadCallbacks>(options, CALLBACKS)
  const { onObject, onResumed, onRestarted, onRetry, onAway, onBack, checkpoint = true } = options
  if (typeof checkpoint !== 'boolean' && (typeof checkpoint !== 'string' || /^$|\0/.test(checkpoint))) {
    throw invalidOption('checkpoint', checkpoint, 'must be true, false or the path of a file')
  }
  return { ...reading, checkpoint, callbacks: { onObject, onResumed, onRestarted, onRetry, onAway, onBack } }
}
