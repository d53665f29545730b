/** Writes a file descriptor completely: a short write is continued, and the descriptor keeps its blocking mode. */
import { write, writeSync } from 'node:fs'
import { Writable } from 'node:stream'

/** Up to this size a chunk is written synchronously, so that it stays in order with the output of the other stream. */
const TEXT_BYTES = 4096
/** How long to wait when another process has made the descriptor non-blocking and it is full. */
const RETRY_MS = 10

export interface DescriptorStreamOptions {
  /** Whether a write never waits for a reader, as for a file. */
  isFile: boolean
}

/** Never closes the descriptor, which belongs to the process. */
export class DescriptorStream extends Writable {
  readonly #fd: number
  readonly #isFile: boolean
  #isWriting = false
  #retry: NodeJS.Timeout | undefined

  constructor(fd: number, { isFile }: DescriptorStreamOptions) {
    super({ highWaterMark: 256 * 1024 })
    this.#fd = fd
    this.#isFile = isFile
  }

  /** Whether a thread is writing: then the process cannot exit until the reader continues. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#isFile && chunk.length <= TEXT_BYTES) callback(this.#writeText(chunk))
    else this.#writeAll(chunk, callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#retry)
    callback(error)
  }

  #writeText(chunk: Buffer): Error | null {
    try {
      for (let rest = chunk; rest.length > 0;) rest = rest.subarray(writeSync(this.#fd, rest))
      return null
    } catch (error) {
      return error as Error
    }
  }

  #writeAll(chunk: Buffer, callback: (error?: Error | null) => void): void {
    if (chunk.length === 0) {
      callback()
      return
    }
    this.#isWriting = true
    write(this.#fd, chunk, (error, written) => {
      this.#isWriting = false
      if (this.destroyed) callback()
      else if (error === null) this.#writeAll(chunk.subarray(written), callback)
      else if (error.code !== 'EAGAIN') callback(error)
      else this.#retry = setTimeout(() => this.#writeAll(chunk, callback), RETRY_MS)
    })
  }
}
