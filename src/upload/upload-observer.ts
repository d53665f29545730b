/** What an upload needs of its surroundings, and what it tells them. */
import type { AwayNotice, BackNotice, RetryNotice, StoreDriver } from '../stores/store-driver.js'
import type { BufferPool } from '../memory/buffer-pool.js'
import type { CheckpointObserver, Resumable } from './checkpoint/checkpoint.js'

/** What an upload needs of the store it goes to. */
export interface UploadHost {
  readonly driver: StoreDriver
  readonly pool: BufferPool
}

/** A part that the store acknowledged. */
export interface UploadedPart {
  /** 1-based. */
  partNumber: number
  /** Bytes. */
  size: number
  etag: string
  /** Unsigned decimal number. */
  crc64: string
  /** It was sent by an earlier run, and not again. */
  resumed?: true
}

/** An earlier run's upload goes on. */
export interface ResumedUpload {
  uploadId: string
  /** How many parts the store has. Those whose bytes turn out to be the same are not sent again. */
  parts: number
  /** Of these parts. */
  bytes: number
}

/** Whom an upload tells what happens. What a method throws fails the upload. */
export interface UploadObserver extends CheckpointObserver {
  initiated(uploadId: string): void
  resumed?(upload: ResumedUpload): void
  /** A promise is waited for. */
  part(part: UploadedPart): void | Promise<void>
  retry(retry: RetryNotice): void
  /** The service is away: requests wait for it. */
  away?(notice: AwayNotice): void
  /** The service is back. */
  back?(notice: BackNotice): void
  /** Called once, when something fails while nobody waits for a write or for the end. */
  failed(error: Error): void
}

export function resumedUpload({ uploadId, parts }: Resumable): ResumedUpload {
  return { uploadId, parts: parts.size, bytes: [...parts.values()].reduce((sum, { size }) => sum + size, 0) }
}
