/** What a reader needs of the upload that it fills. */
export interface ByteSink {
  /**
   * Lends the memory for the next bytes, until `accept`. Returns undefined when there is none now. Throws after a
   * failure.
   */
  lend(): Uint8Array | undefined
  /** Takes back the memory lent, with `length` bytes in its front. */
  accept(length: number): void
  /** Copies `chunk`. Calls back, perhaps at once, when its memory may be reused and the sink takes more. */
  write(chunk: Uint8Array, callback: (error?: Error | null) => void): void
  /** Aborted when the upload fails or is aborted. */
  readonly cancelled: AbortSignal
}

/** A reader's own memory, for what arrives while none is lent. A pipe of Linux holds as much. */
export const OWN_BYTES: number = 64 * 1024

/** Resolves when the sink takes more. */
export async function writeTo(sink: ByteSink, chunk: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    sink.write(chunk, (error) => {
      if (error === undefined || error === null) resolve()
      else reject(error)
    })
  })
}
