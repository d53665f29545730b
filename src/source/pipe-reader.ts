import { Buffer } from 'node:buffer'
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { toError } from '../shared/errors.js'
import { type ByteSink, OWN_BYTES } from './byte-sink.js'

/**
 * Reads a pipe or a stream socket to its end, into the memory that the sink lends; what arrives while none is lent goes
 * to memory of the reader's own and is copied. The descriptor is closed in the end.
 *
 * Resolves at the end of the stream; rejects with what fails, or when the sink is cancelled. Either comes when the system
 * can no longer write to what was lent. Throws if Node cannot read such a descriptor.
 */
export function readPipe(fd: number, sink: ByteSink): Promise<void> {
  return new PipeReader(fd, sink).done
}

class PipeReader {
  readonly done: Promise<void>
  readonly #sink: ByteSink
  readonly #socket: Socket
  readonly #own = Buffer.allocUnsafeSlow(OWN_BYTES)
  #lent: Uint8Array | undefined
  /** Bytes in its own memory have not been taken yet. */
  #isPaused = false
  #failure: Error | undefined
  #resolve: () => void = () => undefined
  #reject: (error: Error) => void = () => undefined

  constructor(fd: number, sink: ByteSink) {
    this.#sink = sink
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Nothing is lent before the first bytes have arrived, so an idle source holds no part.
    let isFirst = true
    const next = (): Uint8Array => {
      if (!isFirst) return this.#next()
      isFirst = false
      return this.#own
    }
    const options: SocketConstructorOpts & { onread: OnReadOpts } = {
      fd,
      readable: true,
      writable: false,
      onread: { buffer: next, callback: (length) => this.#take(length) },
    }
    this.#socket = new Socket(options)
    this.#socket.on('error', (error) => this.#stop(error))
    this.#socket.on('end', () => this.#socket.destroy())
    this.#socket.on('close', () => this.#close())
    this.#socket.resume()
    const { cancelled } = sink
    if (cancelled.aborted) this.#onCancelled()
    else cancelled.addEventListener('abort', this.#onCancelled, { once: true })
  }

  /** Node.js requests the next buffer right after each read, even if reading pauses then. */
  #next(): Uint8Array {
    if (this.#isPaused || this.#failure !== undefined) return this.#own
    try {
      this.#lent = this.#sink.lend()
    } catch (error) {
      this.#stop(toError(error))
    }
    return this.#lent ?? this.#own
  }

  /** Returns whether to read on. */
  #take(length: number): boolean {
    try {
      if (this.#lent !== undefined) {
        this.#lent = undefined
        this.#sink.accept(length)
      } else {
        this.#isPaused = true
        this.#sink.write(this.#own.subarray(0, length), (error) => {
          this.#isPaused = false
          if (error !== undefined && error !== null) this.#stop(error)
          else this.#socket.resume()
        })
      }
    } catch (error) {
      this.#stop(toError(error))
    }
    return !this.#isPaused && this.#failure === undefined
  }

  #stop(error: Error): void {
    this.#failure ??= error
    this.#socket.destroy()
  }

  readonly #onCancelled = (): void => this.#stop(toError(this.#sink.cancelled.reason))

  /** Called when the descriptor is closed and no read is in progress. */
  #close(): void {
    this.#sink.cancelled.removeEventListener('abort', this.#onCancelled)
    try {
      if (this.#lent !== undefined) this.#sink.accept(0)
    } catch (error) {
      this.#failure ??= toError(error)
    }
    if (this.#failure === undefined) this.#resolve()
    else this.#reject(this.#failure)
  }
}
