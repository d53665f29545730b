/** The callbacks that every upload has, whatever its bytes come from. A stream emits an event for each as well. */
import type { EventTable } from '../shared/event-callbacks.js'
import type { AwayNotice, BackNotice, RetryNotice } from '../stores/store-driver.js'
import type { CheckpointNotice } from './checkpoint/checkpoint-writer.js'
import type { RestartNotice } from './checkpoint/restart.js'
import type { ResumedUpload, UploadedPart, UploadObserver } from './upload-observer.js'

/** Called as the upload proceeds. What a callback throws fails the upload. */
export interface UploadCallbacks {
  /** Called when the multipart upload was initiated. Never for an object that fits in one part. */
  onInitiated?: ((uploadId: string) => void) | undefined
  /** Called when an earlier run's upload is resumed, before the first `onPart`. */
  onResumed?: ((upload: ResumedUpload) => void) | undefined
  /** Called when there was a checkpoint, but the upload starts over. */
  onRestarted?: ((notice: RestartNotice) => void) | undefined
  /** Called when acknowledged parts were recorded in the checkpoint. */
  onCheckpoint?: ((notice: CheckpointNotice) => void) | undefined
  /** Called when a part was acknowledged, in any order. A promise is waited for, with the part's place among those in flight. */
  onPart?: ((part: UploadedPart) => void | Promise<void>) | undefined
  /** Called when an attempt failed and another follows. */
  onRetry?: ((retry: RetryNotice) => void) | undefined
  /** Called when the service cannot be reached, or fails: nothing is sent but one probe at a time, until it is back. */
  onAway?: ((notice: AwayNotice) => void) | undefined
  /** Called when the service answers again. */
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
