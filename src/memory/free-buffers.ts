import type { Crc64Engine, PartBuffer } from '../checksum/crc64.js'
import { newPartBuffer } from '../checksum/segmented-part.js'

/** Unused buffers, kept for reuse: creating one costs far more than reusing one. */
export class FreeBuffers {
  readonly #engine: Pick<Crc64Engine, 'createPartBuffer'>
  readonly #buffers: PartBuffer[] = []
  #bytes = 0

  constructor(engine: Pick<Crc64Engine, 'createPartBuffer'>) {
    this.#engine = engine
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Returns an empty buffer of that capacity. The others that are kept hold at most `room` bytes. */
  take(capacity: number, room: number): PartBuffer {
    const index = this.#buffers.findLastIndex((buffer) => buffer.capacity === capacity)
    const [reused] = index === -1 ? [] : this.#buffers.splice(index, 1)
    if (reused !== undefined) {
      this.#bytes -= capacity
      return reused
    }
    this.#dropOutgrown(capacity)
    this.shrink(room)
    return newPartBuffer(this.#engine, capacity)
  }

  put(buffer: PartBuffer): void {
    buffer.clear()
    this.#buffers.push(buffer)
    this.#bytes += buffer.capacity
  }

  /** Drops the least recently used buffers until those kept hold at most `bytes`. */
  shrink(bytes: number): void {
    while (this.#bytes > bytes) this.#bytes -= this.#buffers.shift()?.capacity ?? this.#bytes
  }

  /** When parts grow, smaller buffers are not requested again, so they make room for the new one. */
  #dropOutgrown(capacity: number): void {
    for (let dropped = 0; dropped < capacity;) {
      const index = this.#buffers.findIndex((buffer) => buffer.capacity < capacity)
      if (index === -1) return
      const size = this.#buffers.splice(index, 1)[0]?.capacity ?? 0
      this.#bytes -= size
      dropped += size
    }
  }
}
