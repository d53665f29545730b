/**
 * Where a checkpoint is kept, instead of a file: a row of a database, perhaps. It is one text for one upload, to be given
 * back as it was written. Keeping two uploads away from it at once is up to its owner.
 */
export interface CheckpointStore {
  /** Resolves with what was last written; undefined where nothing is. */
  read(): Promise<string | undefined>
  /** Resolves when `text` is durable in place of what was there. Not called again before it has. */
  write(text: string): Promise<void>
  /** Resolves when nothing is there any more. */
  remove(): Promise<void>
}

/** A place that one upload at a time may have. */
export interface LockableStore extends CheckpointStore {
  /** What messages call it. */
  readonly name: string
  /** Throws UploadError where another upload has it. Having it already is no failure. */
  lock(): Promise<void>
  unlock(): Promise<void>
  /** True where there is no place after all: what is written is kept nowhere. */
  readonly isNowhere?: boolean
}
