import type { DownloadProgress } from '../download/download-progress.js'
import type { AwayNotice, BackNotice, ObjectHead, RetryNotice } from '../stores/store-driver.js'
import type { ListenerOf } from './stream-events.js'

/** The events of a download beside those of every stream, with what their listeners get. */
export interface DownloadEvents {
  /** The first response with the facts of the object, before the first byte. */
  object: [object: ObjectHead]
  /** About four times a second while the download lives, and at its end. */
  progress: [progress: DownloadProgress]
  /** An attempt failed and another follows. */
  retry: [retry: RetryNotice]
  /** The service cannot be reached, or fails: requests wait, while one at a time finds out whether it is back. */
  away: [notice: AwayNotice]
  /** The service responds again. */
  back: [notice: BackNotice]
}

/** The arguments of a listener; any arguments for other events. */
export type DownloadListener<Event extends string | symbol> = ListenerOf<DownloadEvents, Event>
