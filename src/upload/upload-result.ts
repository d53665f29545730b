import type { Checksum } from '../checksum/checksum.js'
import type { Provider } from '../shared/provider.js'

/** An object that is stored, whole and verified. */
export interface UploadResult {
  provider: Provider
  bucket: string
  key: string
  /** Bytes. */
  size: number
  /** As the service gave it, with its quotes. */
  etag: string
  /** CRC-64/XZ of the whole object, computed from the bytes written here: an unsigned decimal number of up to 20 digits. */
  crc64: string
  /**
   * The store's own checksum of the object, which was held against ours. Absent where the store gave none: then each
   * part was checked by itself, and the object by its size.
   */
  checksum?: Checksum
  /** On buckets with versioning. */
  versionId?: string
  /** The object's URL, without credentials. */
  location: string
  /** How many parts it was sent in; 1 for a single PutObject. */
  parts: number
  /** Absent for a single PutObject. */
  uploadId?: string
  /** Of the request that published it, or of the one that found it published. */
  requestId: string
  /** The answer of the callback, parsed where it is JSON. */
  callback?: unknown
  /** What an earlier run had sent and this one did not send again, in parts and bytes. Absent when there was nothing. */
  resumed?: { parts: number; bytes: number }
  /**
   * Multipart uploads that may have been left behind under an id that nobody knows, because the answer that would have
   * told it was lost. A lifecycle rule, or a listing of the bucket's uploads, finds them. Absent when there are none.
   */
  unknownUploads?: number
}
