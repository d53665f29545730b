import type { AwayNotice, BackNotice, RetryNotice } from '../stores/store-driver.js'
import type { UploadProgress } from '../upload/progress.js'
import type { CheckpointNotice } from '../upload/checkpoint/checkpoint-writer.js'
import type { RestartNotice } from '../upload/checkpoint/restart.js'
import type { ResumedUpload, UploadedPart } from '../upload/upload-observer.js'
import type { ListenerOf } from './stream-events.js'

/** The events of an upload beside those of every stream, with what their listeners get. */
export interface UploadEvents {
  /** The multipart upload was initiated. Not emitted for an object that fits in one part. */
  initiated: [uploadId: string]
  /** A part was acknowledged. */
  part: [part: UploadedPart]
  /** About four times a second while the upload lives, and at its end. */
  progress: [progress: UploadProgress]
  /** An attempt failed and another follows. */
  retry: [retry: RetryNotice]
  /** The service cannot be reached, or fails: nothing is sent but one probe at a time, until it is back. */
  away: [notice: AwayNotice]
  /** The service responds again. */
  back: [notice: BackNotice]
  /** The upload of a previous run is resumed. Before the first `part`. */
  resumed: [upload: ResumedUpload]
  /** There was a checkpoint, but the upload starts over. */
  restarted: [notice: RestartNotice]
  /** What was acknowledged is recorded: a crash after this costs nothing of it. */
  checkpoint: [notice: CheckpointNotice]
}

/** The arguments of a listener; any arguments for other events. */
export type UploadListener<Event extends string | symbol> = ListenerOf<UploadEvents, Event>
