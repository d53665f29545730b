/**
 * Writes a stream of chunks to a new file. Chunks are queued while a write is in progress. A small body is written
 * synchronously, which is many times faster than through the thread pool. Invariant: at most `QUEUE_LIMIT` bytes, and
 * the chunk that exceeded it, wait in memory.
 */
import { closeSync, openSync, writeSync, writev, writevSync } from 'node:fs'
import { promisify } from 'node:util'
import type { WriteGuard } from './write-guard.js'

const QUEUE_LIMIT = 1024 * 1024
const SMALL_WRITE = 64 * 1024

const writeVector = promisify(writev)

export class FileWriter {
  readonly #path: string
  readonly #guard: WriteGuard
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #descriptor: number | undefined
  /** The write in progress. Never rejects; its failure is stored in `#failure`. */
  #writing: Promise<void> | undefined
  #failure: { error: unknown } | undefined

  constructor(path: string, guard: WriteGuard) {
    this.#path = path
    this.#guard = guard
  }

  /** Resolves when more may be appended. The chunk must not change until `finish` has resolved. */
  async append(chunk: Uint8Array): Promise<void> {
    this.#throwFailure()
    this.#queue.push(chunk)
    this.#queuedBytes += chunk.length
    if (this.#queuedBytes > SMALL_WRITE) this.#writing ??= this.#writeQueue()
    if (this.#queuedBytes > QUEUE_LIMIT) await this.#writing
  }

  /** Resolves when everything is written and the file is closed. Creates no file for 0 bytes. */
  async finish(): Promise<void> {
    await this.#writing
    this.#throwFailure()
    if (this.#queuedBytes > 0) {
      this.#guard.beforeWrite()
      const batch = this.#takeQueue()
      const written = writevSync(this.#open(), batch)
      writeRest(this.#open(), batch, written)
    }
    this.#close()
  }

  /** Closes the file after success or failure. */
  async abandon(): Promise<void> {
    this.#takeQueue()
    await this.#writing
    this.#close()
  }

  async #writeQueue(): Promise<void> {
    try {
      while (this.#queuedBytes > SMALL_WRITE) {
        this.#guard.beforeWrite()
        const batch = this.#takeQueue()
        const { bytesWritten } = await writeVector(this.#open(), batch)
        writeRest(this.#open(), batch, bytesWritten)
      }
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#writing = undefined
    }
  }

  #takeQueue(): Uint8Array[] {
    const queue = this.#queue
    this.#queue = []
    this.#queuedBytes = 0
    return queue
  }

  #open(): number {
    this.#descriptor ??= openSync(this.#path, 'wx')
    return this.#descriptor
  }

  #close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

/** A write may be short if the disk is nearly full: write the rest, which fails or fits. */
function writeRest(descriptor: number, batch: readonly Uint8Array[], written: number): void {
  let left = written
  for (const chunk of batch) {
    let offset = Math.min(left, chunk.length)
    left -= offset
    while (offset < chunk.length) offset += writeSync(descriptor, chunk, offset)
  }
}
