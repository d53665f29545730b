import type { Buffer } from 'node:buffer'
import type { PartBuffer } from './crc64.js'
import { copyBytes, SLICE, type SummedMemory } from './summed-memory.js'

/** A part in a `SummedMemory`, filled from start to end. */
export class MemoryPart implements PartBuffer {
  readonly #memory: SummedMemory
  #length = 0
  /** Number of bytes in the CRC. Lags by less than a slice, so that a small append is only a copy. */
  #summed = 0

  constructor(memory: SummedMemory) {
    this.#memory = memory
  }

  get capacity(): number {
    return this.#memory.bytes.length
  }

  get length(): number {
    return this.#length
  }

  get segments(): readonly Uint8Array[] {
    return [this.#memory.bytes.subarray(0, this.#length)]
  }

  append(source: Uint8Array, start: number, end: number): number {
    const last = Math.min(end, start + this.capacity - this.#length)
    for (let at = start; at < last;) {
      const next = Math.min(last, at + SLICE)
      copyBytes(this.#memory.bytes, this.#length, source, at, next)
      this.#length += next - at
      if (this.#length - this.#summed >= SLICE) this.#sum()
      at = next
    }
    return last - start
  }

  get free(): Buffer {
    return this.#memory.bytes.subarray(this.#length)
  }

  advance(length: number): void {
    if (length > this.capacity - this.#length) throw new RangeError(`${length} bytes are more than are free`)
    this.#length += length
    if (this.#length - this.#summed >= SLICE) this.#sum()
  }

  digest(): bigint {
    if (this.#summed < this.#length) this.#sum()
    return this.#memory.digest()
  }

  clear(): void {
    this.#length = 0
    this.#summed = 0
    this.#memory.reset()
  }

  #sum(): void {
    this.#memory.sum(this.#summed, this.#length)
    this.#summed = this.#length
  }
}
