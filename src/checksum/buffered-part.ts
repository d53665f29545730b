import { Buffer } from 'node:buffer'
import type { Crc64, PartBuffer } from './crc64.js'

/** Bytes taken into the CRC at a time: few enough that they are still in the processor's cache after the copy. */
const SLICE = 64 * 1024

/** A part in ordinary memory, its CRC taken by any `Crc64`. */
export function bufferedPart(capacity: number, crc: Crc64): PartBuffer {
  return new BufferedPart(capacity, crc)
}

class BufferedPart implements PartBuffer {
  readonly #memory: Buffer
  readonly #crc: Crc64
  #length = 0
  /** How many of the bytes held the CRC has seen. Lags by less than a slice, so that small appends cost only a copy. */
  #summed = 0

  constructor(capacity: number, crc: Crc64) {
    this.#memory = Buffer.allocUnsafeSlow(capacity)
    this.#crc = crc
  }

  get capacity(): number {
    return this.#memory.length
  }

  get length(): number {
    return this.#length
  }

  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length)
  }

  append(source: Uint8Array, start: number, end: number): number {
    const last = Math.min(end, start + this.capacity - this.#length)
    for (let at = start; at < last;) {
      const next = Math.min(last, at + SLICE)
      this.#memory.set(next - at === source.length ? source : source.subarray(at, next), this.#length)
      this.#length += next - at
      if (this.#length - this.#summed >= SLICE) this.#sum()
      at = next
    }
    return last - start
  }

  digest(): bigint {
    this.#sum()
    return this.#crc.digest()
  }

  clear(): void {
    this.#length = 0
    this.#summed = 0
    this.#crc.reset()
  }

  #sum(): void {
    if (this.#summed === this.#length) return
    this.#crc.update(this.#memory.subarray(this.#summed, this.#length))
    this.#summed = this.#length
  }
}
