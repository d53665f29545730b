import type { UploadProgress } from '../upload/progress.js'
import type { UploadResult } from '../upload/upload-result.js'

/** The properties of every stream of an upload. */
export interface UploadHandle {
  /** Key of the object. */
  readonly key: string
  /**
   * Resolves with the result when the object is stored: when a Writable emits `finish`, and before the readable side of a
   * Transform ends. Rejects with the failure, once the upload is cleaned up.
   */
  readonly done: Promise<UploadResult>
  /** Upload ID of the multipart upload, once it is initiated. Undefined for an object that fits in one part. */
  readonly uploadId: string | undefined
  /** Current progress. */
  readonly progress: UploadProgress
  /**
   * With `resume: 'offset'`: the number of bytes that are stored; write the bytes after them. Reading this property first
   * reads the checkpoint. Otherwise 0. Rejects with UploadError.
   */
  readonly resumeFrom: Promise<number>
}
