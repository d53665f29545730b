import type { Writable } from 'node:stream'

/**
 * Writes chunks whose memory the source may use again for the next one. What `write()` of a stream returns says only
 * whether more is wanted: until the callback a chunk may lie in the queue of the stream, uncopied.
 */
export class ChunkWriter {
  readonly #upload: Writable
  #written = 0
  #taken = 0
  #proceed: (() => void) | undefined

  constructor(upload: Writable) {
    this.#upload = upload
    upload.once('close', () => this.#proceed?.())
  }

  /** Returns undefined when the chunk has been copied, else a promise that resolves when it has, or when the stream closes. */
  write(chunk: string | Uint8Array): Promise<void> | undefined {
    this.#written += 1
    this.#upload.write(chunk, this.#onTaken)
    if (this.#upload.writableLength === 0 || this.#upload.closed) return undefined
    return new Promise((resolve) => {
      this.#proceed = resolve
    })
  }

  /** The callback of a chunk that was copied at once comes later, perhaps when the next one has been written. */
  readonly #onTaken = (): void => {
    this.#taken += 1
    if (this.#taken === this.#written) this.#proceed?.()
  }
}
