/**
 * A place for a checkpoint other than a file, such as a row of a database. It holds one text for one upload and returns it
 * as it was written. The caller makes sure that no two uploads use it at once.
 */
export interface CheckpointStore {
  /** Resolves with the text last written, or undefined if there is none. */
  read(): Promise<string | undefined>
  /** Resolves when `text` has durably replaced the previous one. Not called again before that. */
  write(text: string): Promise<void>
  /** Resolves when the text is removed. */
  remove(): Promise<void>
}

/** A place that one upload at a time can use. */
export interface LockableStore extends CheckpointStore {
  /** Its name in messages. */
  readonly name: string
  /** Throws UploadError if another upload has the lock. Locking it twice is not an error. */
  lock(): Promise<void>
  unlock(): Promise<void>
  /** True if there is no place: writes are discarded. */
  readonly discardsWrites?: boolean
}
