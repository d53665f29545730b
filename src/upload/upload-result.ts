import type { Checksum } from '../checksum/checksum.js'
import type { Provider } from '../shared/provider.js'

/** The result of an upload: the object is stored and verified. */
export interface UploadResult {
  provider: Provider
  bucket: string
  key: string
  /** Size in bytes. */
  size: number
  /** ETag as returned by the service, with its quotes. */
  etag: string
  /** CRC-64/XZ of the object, computed from the written bytes, as an unsigned decimal of up to 20 digits. */
  crc64: string
  /**
   * The checksum of the object that the service returned, which was compared with ours. Absent if it returned none: then
   * each part was verified, and the size of the object.
   */
  checksum?: Checksum
  /** Version ID, on buckets with versioning. */
  versionId?: string
  /** URL of the object, without credentials. */
  location: string
  /** Number of parts; 1 for a single PutObject. */
  parts: number
  /** Upload ID. Absent for a single PutObject. */
  uploadId?: string
  /** ID of the request that published the object, or of the one that found it published. */
  requestId: string
  /** Response of the callback, parsed if it is JSON. */
  callback?: unknown
  /** Parts and bytes that a previous run sent and this one did not. Absent if there were none. */
  resumed?: { parts: number; bytes: number }
  /**
   * Number of multipart uploads that may be left behind with an unknown upload ID, because the response to their initiation
   * was lost. A lifecycle rule removes them, and `listMultipartUploads()` finds them. Absent if there are none.
   */
  unknownUploads?: number
}
