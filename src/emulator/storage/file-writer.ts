/**
 * Writes a stream of chunks to a new file, gathering those that arrive while a write is under way into the next one.
 * Invariant: at most `QUEUE_LIMIT` bytes, and the chunk that crossed it, wait in memory.
 */
import { open, type FileHandle } from 'node:fs/promises'
import type { WriteGuard } from './write-guard.js'

const QUEUE_LIMIT = 1024 * 1024

export class FileWriter {
  readonly #path: string
  readonly #guard: WriteGuard
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #handle: FileHandle | undefined
  /** The write under way; never rejects, its failure is kept in `#failure`. */
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
    this.#writing ??= this.#writeQueue()
    if (this.#queuedBytes > QUEUE_LIMIT) await this.#writing
  }

  /** Resolves when everything is in the file and the file is closed. */
  async finish(): Promise<void> {
    await this.#writing
    await this.#handle?.close()
    this.#throwFailure()
  }

  /** Closes the file, whatever became of it. */
  async abandon(): Promise<void> {
    this.#queue = []
    await this.#writing
    await this.#handle?.close().catch(() => undefined)
  }

  async #writeQueue(): Promise<void> {
    try {
      this.#handle ??= await open(this.#path, 'wx')
      while (this.#queue.length > 0) {
        const batch = this.#queue
        const expected = this.#queuedBytes
        this.#queue = []
        this.#queuedBytes = 0
        this.#guard.beforeWrite()
        await writeAll(this.#handle, batch, expected)
      }
    } catch (error) {
      this.#failure = { error }
      this.#queue = []
    } finally {
      this.#writing = undefined
    }
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

async function writeAll(handle: FileHandle, batch: Uint8Array[], expected: number): Promise<void> {
  const { bytesWritten } = await handle.writev(batch)
  if (bytesWritten === expected) return
  // A short write is rare (a disk that is nearly full): what is left goes out as one piece.
  await handle.writeFile(Buffer.concat(batch).subarray(bytesWritten))
}
