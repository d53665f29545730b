import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'

const CHUNK = Buffer.alloc(64 * 1024)
for (let i = 0; i < CHUNK.length; i++) CHUNK[i] = (i * 2_654_435_761) >>> 16

/** So many bytes of no size known in advance, in chunks as pipes and files give them. To make them costs next to nothing. */
export class RepeatedChunk extends Readable {
  #left: number

  constructor(size: number) {
    super({ highWaterMark: CHUNK.length })
    this.#left = size
  }

  override _read(): void {
    if (this.#left === 0) {
      this.push(null)
      return
    }
    const chunk = this.#left < CHUNK.length ? CHUNK.subarray(0, this.#left) : CHUNK
    this.#left -= chunk.length
    this.push(chunk)
  }
}
