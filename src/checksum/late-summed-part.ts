import { Buffer } from 'node:buffer'
import type { Crc64, PartBuffer } from './crc64.js'
import { copyBytes } from './summed-memory.js'

/**
 * A small part in ordinary memory whose CRC is computed on demand: exchanging it for a larger buffer is then only a copy,
 * and a thousand of them need neither a WebAssembly memory nor a running CRC each.
 */
export class LateSummedPart implements PartBuffer {
  readonly #memory: Buffer
  readonly #crc: Crc64
  #length = 0

  /** `crc` may be shared by any number of parts, as it is only used within a call. */
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

  get segments(): readonly Uint8Array[] {
    return [this.#memory.subarray(0, this.#length)]
  }

  append(source: Uint8Array, start: number, end: number): number {
    const last = Math.min(end, start + this.capacity - this.#length)
    copyBytes(this.#memory, this.#length, source, start, last)
    this.#length += last - start
    return last - start
  }

  get free(): Buffer {
    return this.#memory.subarray(this.#length)
  }

  advance(length: number): void {
    if (length > this.capacity - this.#length) throw new RangeError(`${length} bytes are more than are free`)
    this.#length += length
  }

  digest(): bigint {
    this.#crc.reset()
    this.#crc.update(this.#memory.subarray(0, this.#length))
    return this.#crc.digest()
  }

  clear(): void {
    this.#length = 0
  }
}
