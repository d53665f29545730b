import type { Writable } from 'node:stream'

/**
 * Writes chunks whose memory the source may reuse for the next one. `write()` of a stream only returns whether more is
 * wanted: until its callback, a chunk may be queued in the stream without having been copied.
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

  /** Writes a chunk. Returns undefined if it was copied, else a promise that resolves when it is, or when the stream closes. */
  write(chunk: string | Uint8Array): Promise<void> | undefined {
    this.#written += 1
    this.#upload.write(chunk, this.#onTaken)
    if (this.#upload.writableLength === 0 || this.#upload.closed) return undefined
    return new Promise((resolve) => {
      this.#proceed = resolve
    })
  }

  /** The callback of a chunk that was copied at once is called later, perhaps after the next one was written. */
  readonly #onTaken = (): void => {
    this.#taken += 1
    if (this.#taken === this.#written) this.#proceed?.()
  }
}
