import { formatCrc64 } from '../../checksum/decimal.js'
import type { StoreDriver, StoredObject } from '../../stores/store-driver.js'
import type { UploadResult } from '../upload-result.js'

/** A published object, with what was known before. */
export interface PublishedObject {
  stored: StoredObject
  size: number
  crc64: bigint
  parts: number
}

/** How the object was published. */
interface UploadHistory {
  uploadId: string | undefined
  resumed: { parts: number; bytes: number }
  unknownUploads: number
}

export function toResult(
  driver: StoreDriver,
  key: string,
  { stored, size, crc64, parts }: PublishedObject,
  { uploadId, resumed, unknownUploads }: UploadHistory,
): UploadResult {
  return {
    provider: driver.provider,
    bucket: driver.bucket,
    key,
    size,
    etag: stored.etag,
    crc64: formatCrc64(crc64),
    ...(stored.checksum === undefined ? {} : { checksum: stored.checksum }),
    ...(stored.versionId === undefined ? {} : { versionId: stored.versionId }),
    location: driver.locationOf(key),
    parts,
    ...(uploadId === undefined ? {} : { uploadId }),
    requestId: stored.requestId,
    ...(stored.callback === undefined ? {} : { callback: stored.callback }),
    ...(resumed.parts === 0 ? {} : { resumed }),
    ...(unknownUploads === 0 ? {} : { unknownUploads }),
  }
}
