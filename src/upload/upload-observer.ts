/** What an upload needs of its store, and what it reports. */
import type { AwayNotice, BackNotice, RetryNotice, StoreDriver } from '../stores/store-driver.js'
import type { BufferPool } from '../memory/buffer-pool.js'
import type { CheckpointObserver, Resumable } from './checkpoint/checkpoint.js'

/** What an upload needs of its store. */
export interface UploadHost {
  readonly driver: StoreDriver
  readonly pool: BufferPool
}

/** An acknowledged part. */
export interface UploadedPart {
  /** Part number, from 1. */
  partNumber: number
  /** Size in bytes. */
  size: number
  etag: string
  /** CRC-64/XZ of the part, as an unsigned decimal. */
  crc64: string
  /** True if a previous run sent the part, and this one did not. */
  resumed?: true
}

/** An upload of a previous run that is resumed. */
export interface ResumedUpload {
  uploadId: string
  /** Number of stored parts. They are not sent again if their bytes are the same. */
  parts: number
  /** Total size of these parts in bytes. */
  bytes: number
  /**
   * Number of further stored parts, which are sent again: neither the checkpoint nor a checksum of the service shows which bytes they
   * have. Absent if there is none.
   */
  unproven?: number
}

/** Receives the events of an upload. If a method throws, the upload fails. */
export interface UploadObserver extends CheckpointObserver {
  initiated(uploadId: string): void
  resumed?(upload: ResumedUpload): void
  /** A returned promise is awaited. */
  part(part: UploadedPart): void | Promise<void>
  retry(retry: RetryNotice): void
  /** The service is away: requests wait until it is back. */
  away?(notice: AwayNotice): void
  /** The service is back. */
  back?(notice: BackNotice): void
  /** Called once, if the upload fails while the caller awaits neither a write nor the end. */
  failed(error: Error): void
}

export function resumedUpload({ uploadId, parts, unproven }: Resumable): ResumedUpload {
  const bytes = [...parts.values()].reduce((sum, { size }) => sum + size, 0)
  return { uploadId, parts: parts.size, bytes, ...(unproven === 0 ? {} : { unproven }) }
}
