import type { DownloadProgress } from '../download/download-progress.js'
import type { ObjectHead, RetryNotice } from '../stores/store-driver.js'
import type { StreamEvents } from './upload-events.js'

/** The events of a download beside those of every stream, with what their listeners get. */
export interface DownloadEvents {
  /** The first response says what the object is. Before the first byte. */
  object: [object: ObjectHead]
  /** About four times a second while the download lives, and at its end. */
  progress: [progress: DownloadProgress]
  /** An attempt failed and another follows. */
  retry: [retry: RetryNotice]
}

/** What a listener gets of an event; of one that is not known here, whatever is emitted. */
export type DownloadListener<Event extends string | symbol> = (
  ...values: Event extends keyof DownloadEvents
    ? DownloadEvents[Event]
    : Event extends keyof StreamEvents
      ? StreamEvents[Event]
      : never[]
) => void
