import type { Crc64Engine, PartBuffer } from '../checksum/crc64.js'
import { newPartBuffer } from '../checksum/segmented-part.js'

/** Buffers that nobody uses, kept to be used again: to make one costs far more than to take it from here. */
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

  /** An empty buffer of that capacity; what is kept beside it is at most `room` bytes. */
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

  /** Lets go of the buffers that were used longest ago until those kept hold at most `bytes`. */
  shrink(bytes: number): void {
    while (this.#bytes > bytes) this.#bytes -= this.#buffers.shift()?.capacity ?? this.#bytes
  }

  /** Where parts grow nobody asks for the smaller buffers again: they make room for the new one. */
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
