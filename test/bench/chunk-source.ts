import { Readable } from 'node:stream'
import { SourceMemory } from './source-memory.js'

const CHUNK = 64 * 1024

/** One for all objects of a process. */
let memory: SourceMemory | undefined

/** So many bytes of no size known in advance, in chunks as pipes and files give them. To make them costs next to nothing. */
export class ChunkSource extends Readable {
  #left: number

  constructor(size: number) {
    super({ highWaterMark: CHUNK })
    memory ??= new SourceMemory(CHUNK)
    this.#left = size
  }

  override _read(): void {
    if (this.#left === 0 || memory === undefined) {
      this.push(null)
      return
    }
    const chunk = memory.next(this.#left)
    this.#left -= chunk.length
    this.push(chunk)
  }
}
