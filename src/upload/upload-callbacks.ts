/** The callbacks of every upload. A stream also emits an event for each. */
import type { EventTable } from '../shared/event-callbacks.js'
import type { AwayNotice, BackNotice, RetryNotice } from '../stores/store-driver.js'
import type { CheckpointNotice } from './checkpoint/checkpoint-writer.js'
import type { RestartNotice } from './checkpoint/restart.js'
import type { ResumedUpload, UploadedPart, UploadObserver } from './upload-observer.js'

/** Callbacks of an upload. If one throws, the upload fails. */
export interface UploadCallbacks {
  /** Called when the multipart upload is initiated. Never for an object that fits in one part. */
  onInitiated?: ((uploadId: string) => void) | undefined
  /** Called when an upload of a previous run is resumed, before the first `onPart`. */
  onResumed?: ((upload: ResumedUpload) => void) | undefined
  /** Called when there is a checkpoint, but the upload starts over. */
  onRestarted?: ((notice: RestartNotice) => void) | undefined
  /** Called when acknowledged parts are recorded in the checkpoint. */
  onCheckpoint?: ((notice: CheckpointNotice) => void) | undefined
  /**
   * Called when a part was acknowledged. Parts come in any order. A returned promise is awaited; until it settles, the part
   * counts as in flight.
   */
  onPart?: ((part: UploadedPart) => void | Promise<void>) | undefined
  /** Called when an attempt failed and another one follows. */
  onRetry?: ((retry: RetryNotice) => void) | undefined
  /** Called when the service cannot be reached, or fails. Only one probe at a time is sent until it is back. */
  onAway?: ((notice: AwayNotice) => void) | undefined
  /** Called when the service responds again. */
  onBack?: ((notice: BackNotice) => void) | undefined
}

/** The event of each callback. */
export const UPLOAD_CALLBACKS: EventTable<UploadCallbacks, Exclude<keyof UploadObserver, 'failed'>> = {
  onInitiated: 'initiated',
  onResumed: 'resumed',
  onRestarted: 'restarted',
  onCheckpoint: 'checkpoint',
  onPart: 'part',
  onRetry: 'retry',
  onAway: 'away',
  onBack: 'back',
}
