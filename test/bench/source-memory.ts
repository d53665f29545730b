import { Buffer } from 'node:buffer'

/** More than the caches of most processors hold: what is read from here comes from memory, as the bytes of a pipe or a file do. */
const SIZE = 64 * 1024 * 1024

/**
 * Chunks of bytes that take turns over so much memory that no cache has them. Each begins with its number, so that no
 * two of an object are the same.
 */
export class SourceMemory {
  readonly #memory = Buffer.allocUnsafeSlow(SIZE)
  readonly #chunkSize: number
  #next = 0

  /** `chunkSize` is in bytes, at least 8 and at most 64 MiB. */
  constructor(chunkSize: number) {
    this.#chunkSize = chunkSize
    const words = new Uint32Array(this.#memory.buffer)
    for (let i = 0, word = 2_463_534_242; i < words.length; i++) {
      word ^= word << 13
      word ^= word >>> 17
      word ^= word << 5
      words[i] = word
    }
  }

  /** Returns the next chunk, or its first `length` bytes. Its memory is used again after 64 MiB of chunks. */
  next(length: number): Buffer {
    const start = (this.#next % Math.floor(SIZE / this.#chunkSize)) * this.#chunkSize
    this.#memory.writeDoubleLE(this.#next, start)
    this.#next += 1
    return this.#memory.subarray(start, start + Math.min(length, this.#chunkSize))
  }
}
