import { Writable } from 'node:stream'
import type { UploadProgress } from '../upload/progress.js'
import type { UploadHost } from '../upload/upload-observer.js'
import type { UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import type { UploadListener } from './upload-events.js'
import type { UploadHandle } from './upload-handle.js'
import { type Callback, HIGH_WATER_MARK, UploadSession } from './upload-session.js'

/** The memory of an upload, for a reader that fills it. See `Upload.lend` and `Upload.accept`. */
export type Lender = Pick<UploadSession, 'lend' | 'accept' | 'write' | 'cancelled'>

let sessionOf: (stream: UploadStream) => UploadSession

/** Returns the lender of the upload's memory. Nothing else may write to the stream then; the reader ends it. */
export function lenderOf(stream: UploadStream): Lender {
  return sessionOf(stream)
}

/**
 * A Writable whose bytes become one object. `finish` means that the object is stored and verified. On any failure, and on
 * `destroy()`, the upload is aborted and nothing is published; `error` and `close` are emitted when that is done.
 */
export class UploadStream extends Writable implements UploadHandle {
  static {
    sessionOf = (stream) => stream.#session
  }

  readonly #session: UploadSession

  /** @internal Throws UploadError if the key or an option is invalid: nothing has been sent then. */
  constructor(host: UploadHost, key: string, options: UploadOptions = {}) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.#session = new UploadSession(this, host, key, options)
    this.on('pipe', (source) => this.#session.pipedFrom(source))
    this.#session.start()
  }

  get key(): string {
    return this.#session.key
  }

  get done(): Promise<UploadResult> {
    return this.#session.done
  }

  get uploadId(): string | undefined {
    return this.#session.uploadId
  }

  get progress(): UploadProgress {
    return this.#session.progress
  }

  get resumeFrom(): Promise<number> {
    return this.#session.resumeFrom
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#session.write(chunk, callback)
  }

  /** @internal */
  override _writev(chunks: { chunk: Buffer }[], callback: Callback): void {
    this.#session.writeAll(chunks, callback)
  }

  /** @internal */
  override _final(callback: Callback): void {
    this.#session.finish(callback)
  }

  /** Listens to an event of a stream, or of `UploadEvents`. */
  override on<Event extends string | symbol>(event: Event, listener: UploadListener<Event>): this {
    return super.on(event, listener)
  }

  /** The same for the next event only. */
  override once<Event extends string | symbol>(event: Event, listener: UploadListener<Event>): this {
    return super.once(event, listener)
  }

  /** @internal */
  override _destroy(error: Error | null, callback: Callback): void {
    this.#session.destroy(error, callback)
  }

  /** Aborts the upload unless it is finished, and resolves when it is cleaned up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.destroyed) this.destroy()
    if (this.closed) return
    await new Promise<void>((resolve) => {
      this.once('close', resolve)
    })
  }
}
