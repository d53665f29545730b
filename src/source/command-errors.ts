import { Buffer } from 'node:buffer'
import { readSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { toError } from '../shared/errors.js'

/** Bytes of the end of standard error that an error contains. */
const TAIL_BYTES = 4096

/** Forwards the standard error of a command as it arrives, and keeps its end. */
export class CommandErrors {
  /** Rejects with what the function that gets the chunks throws. */
  readonly failed: Promise<never>
  readonly #report: (chunk: Uint8Array) => void
  readonly #fd: number | undefined
  readonly #stream: Readable
  #tail = Buffer.alloc(0)
  #fail: (error: Error) => void = () => undefined

  /** `source` is a stream, or the non-blocking descriptor of a pipe, which is closed in the end. */
  constructor(report: (chunk: Uint8Array) => void, source: number | Readable) {
    this.#report = report
    this.failed = new Promise((_resolve, reject) => {
      this.#fail = reject
    })
    this.failed.catch(() => undefined)
    this.#fd = typeof source === 'number' ? source : undefined
    this.#stream = typeof source === 'number' ? new Socket({ fd: source, readable: true, writable: false }) : source
    this.#stream.on('data', (chunk: Buffer) => this.#take(chunk))
    // What cannot be read is not the upload.
    this.#stream.on('error', () => undefined)
  }

  /**
   * Reads what has arrived, closes, and returns the end of all of it. Does not wait for more, as a process that the command
   * left behind may keep its standard error open indefinitely.
   */
  end(): string {
    if (!this.#stream.destroyed) {
      if (this.#fd !== undefined) this.#drain(this.#fd)
      this.#stream.destroy()
    }
    return this.#tail.toString()
  }

  #drain(fd: number): void {
    const chunk = Buffer.alloc(64 * 1024)
    try {
      for (let length = 1; length > 0;) {
        length = readSync(fd, chunk)
        if (length > 0) this.#take(chunk.subarray(0, length))
      }
    } catch {
      // EAGAIN: that was all.
    }
  }

  #take(chunk: Buffer): void {
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES)
    try {
      this.#report(chunk)
    } catch (error) {
      this.#fail(toError(error))
    }
  }
}
