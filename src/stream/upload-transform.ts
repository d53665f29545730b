import { Transform } from 'node:stream'
import type { UploadProgress } from '../upload/progress.js'
import type { UploadHost } from '../upload/upload-observer.js'
import type { UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import type { UploadListener } from './upload-events.js'
import type { UploadHandle } from './upload-handle.js'
import { type Callback, HIGH_WATER_MARK, UploadSession } from './upload-session.js'

/**
 * A pass-through that uploads what flows through it: compress, upload and keep a local copy in one pipeline. Its readable
 * side ends when the object is stored and verified. On any failure, on either side, the upload is aborted and nothing is
 * published.
 */
export class UploadTransform extends Transform implements UploadHandle {
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
  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: Callback): void {
    this.#session.write(chunk, (error) => {
      if (error === undefined || error === null) this.push(chunk)
      callback(error)
    })
  }

  /** @internal */
  override _flush(callback: Callback): void {
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
}
