import type { UploadProgress } from '../upload/progress.js'
import type { UploadResult } from '../upload/upload-result.js'

/** What every stream of an upload reports of it. */
export interface UploadHandle {
  /** The object's key. */
  readonly key: string
  /**
   * Resolves with the result when the object is stored: as a Writable emits `finish`, and before the readable side of a
   * Transform ends. Rejects with the failure, once nothing is left behind.
   */
  readonly done: Promise<UploadResult>
  /** The ID of the multipart upload once it was initiated. Undefined for an object that fits in one part. */
  readonly uploadId: string | undefined
  /** How far the upload is now. */
  readonly progress: UploadProgress
  /**
   * With `resume: 'offset'`, how many bytes of the object the store has: write the bytes after them. The checkpoint is read
   * when this is asked first. Otherwise 0. Rejects with UploadError.
   */
  readonly resumeFrom: Promise<number>
}
