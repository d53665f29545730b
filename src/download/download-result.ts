import type { Checksum } from '../checksum/checksum.js'
import type { ObjectHead } from '../stores/store-driver.js'
import type { VerifiedBy } from './verification.js'

/** What was read. */
export interface DownloadResult {
  bucket: string
  key: string
  /** Bytes that were read: of the object, or of the range that was asked for. */
  size: number
  /** As the service gave it, with its quotes. */
  etag: string
  versionId?: string
  /** CRC-64/XZ of the bytes that were read, as a decimal number. */
  crc64: string
  /** What the service has of the object, and the bytes were compared with; absent where there is nothing of that kind. */
  checksum?: Checksum
  /** How the bytes were verified. */
  verified: VerifiedBy
  /** Requests that brought bytes; attempts that failed are not counted. */
  ranges: number
  /** Of the first response. */
  requestId: string
}

export function toDownloadResult(
  object: ObjectHead,
  facts: Omit<DownloadResult, 'etag' | 'versionId' | 'requestId'>,
): DownloadResult {
  const { etag, versionId, requestId } = object
  return { ...facts, etag, ...(versionId === undefined ? {} : { versionId }), requestId }
}
