import { GiB } from '../shared/byte-size.js'
import { combineCrc64 } from './combine.js'
import type { Crc64Engine, PartBuffer } from './crc64.js'

/** Within the limits of a buffer in every version of Node.js, and of a WebAssembly memory (4 GiB). */
const SEGMENT = GiB

/** Creates a part buffer of any capacity. */
export function newPartBuffer(engine: Pick<Crc64Engine, 'createPartBuffer'>, capacity: number): PartBuffer {
  return capacity <= SEGMENT ? engine.createPartBuffer(capacity) : new SegmentedPart(engine, capacity, SEGMENT)
}

/**
 * A part in several buffers, filled one after the other: buffers before the current one are full, those after it are empty.
 * All are created at once, so that a lack of memory shows before the part is started. Empty ones take no memory, as the
 * system only provides memory that is written to.
 */
export class SegmentedPart implements PartBuffer {
  readonly capacity: number
  readonly #buffers: readonly PartBuffer[]

  constructor(engine: Pick<Crc64Engine, 'createPartBuffer'>, capacity: number, segmentSize: number) {
    this.capacity = capacity
    this.#buffers = Array.from({ length: Math.ceil(capacity / segmentSize) }, (_, index) =>
      engine.createPartBuffer(Math.min(segmentSize, capacity - index * segmentSize)),
    )
  }

  get length(): number {
    return this.#buffers.reduce((sum, { length }) => sum + length, 0)
  }

  get segments(): readonly Uint8Array[] {
    return this.#buffers.filter(({ length }) => length > 0).flatMap(({ segments }) => segments)
  }

  append(source: Uint8Array, start: number, end: number): number {
    let at = start
    for (const buffer of this.#buffers) {
      if (at >= end) break
      at += buffer.append(source, at, end)
    }
    return at - start
  }

  get free(): Uint8Array {
    return this.#filling?.free ?? new Uint8Array(0)
  }

  advance(length: number): void {
    if (length > this.free.length) throw new RangeError(`${length} bytes are more than are free`)
    this.#filling?.advance(length)
  }

  digest(): bigint {
    return this.#buffers.reduce((crc64, buffer) => combineCrc64(crc64, buffer.digest(), buffer.length), 0n)
  }

  clear(): void {
    for (const buffer of this.#buffers) buffer.clear()
  }

  /** Undefined when all are full. */
  get #filling(): PartBuffer | undefined {
    return this.#buffers.find(({ length, capacity }) => length < capacity)
  }
}
