/** The ETag that S3 gives to an object made of parts: the MD5 of their MD5s, a hyphen and their number. */
import { createHash, type Hash } from 'node:crypto'
import { combineChecksums, type RunningChecksum } from '../checksum/checksum.js'

/** Computes it from the bytes, given where each part ends. */
export class EtagOfParts implements RunningChecksum {
  /** Bytes of each part. */
  readonly #sizes: readonly number[]
  readonly #digests: string[] = []
  #hash: Hash = createHash('md5')
  #left: number

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes
    this.#left = sizes[0] ?? 0
  }

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + this.#left)
      this.#hash.update(bytes.subarray(at, end))
      this.#left -= end - at
      // What exceeds the parts fails the comparison by their number.
      if (end === at || this.#left === 0) this.#endPart()
      at = Math.max(end, at)
      if (this.#digests.length > this.#sizes.length) return
    }
  }

  digest(): string {
    const parts = this.#digests.map((value) => ({ value, size: 0 }))
    return combineChecksums('md5', parts) ?? ''
  }

  #endPart(): void {
    this.#digests.push(this.#hash.digest('hex'))
    this.#hash = createHash('md5')
    this.#left = this.#sizes[this.#digests.length] ?? 0
  }
}
