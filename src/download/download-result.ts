import type { Checksum } from '../checksum/checksum.js'
import type { ObjectHead } from '../stores/store-driver.js'
import type { VerifiedBy } from './verification.js'

/** The result of a download. */
export interface DownloadResult {
  bucket: string
  key: string
  /** Size in bytes of the object, or of the requested range. */
  size: number
  /** ETag as returned by the service, with its quotes. */
  etag: string
  versionId?: string
  /** CRC-64/XZ of the bytes that were read, as a decimal number. */
  crc64: string
  /** Checksum of the service that the bytes were compared with; absent if it has none that can be compared. */
  checksum?: Checksum
  /** How the bytes were verified. */
  verified: VerifiedBy
  /** Number of requests that returned bytes, without failed attempts. */
  ranges: number
  /** Request ID of the first response. */
  requestId: string
}

export function toDownloadResult(
  object: ObjectHead,
  facts: Omit<DownloadResult, 'etag' | 'versionId' | 'requestId'>,
): DownloadResult {
  const { etag, versionId, requestId } = object
  return { ...facts, etag, ...(versionId === undefined ? {} : { versionId }), requestId }
}
