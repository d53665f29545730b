/**
 * What the streams of this library share: an upload, told by the stream's own life when to write, publish or give up.
 * Asynchronous work with the callbacks that streams want at its edges; no policy.
 */
import type { Readable } from 'node:stream'
import { ProgressReports } from '../flow/progress-reports.js'
import { attachLeftover, toError, UploadError } from '../shared/errors.js'
import { observeWith } from '../shared/event-callbacks.js'
import type { UploadProgress } from '../upload/progress.js'
import { UPLOAD_CALLBACKS } from '../upload/upload-callbacks.js'
import type { UploadHost } from '../upload/upload-observer.js'
import { Upload } from '../upload/upload.js'
import type { UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import { faultOf, mustBeWhole } from './source-state.js'

/** What a session needs of the stream it belongs to. */
export interface SessionStream {
  emit(event: string, ...values: unknown[]): boolean
  destroy(error?: Error): unknown
}

export type Callback = (error?: Error | null) => void

/** How much a stream takes in advance, beside the part buffers. */
export const HIGH_WATER_MARK: number = 256 * 1024

export class UploadSession {
  /** Settles when everything has: resolves as `finish` is emitted, rejects once the clean-up is over. */
  readonly done: Promise<UploadResult>
  readonly #stream: SessionStream
  readonly #upload: Upload
  readonly #signal: AbortSignal | undefined
  readonly #reports: ProgressReports
  /** Streams that were piped here. */
  readonly #sources: Readable[] = []
  #resolveDone: (result: UploadResult) => void = () => undefined
  #rejectDone: (error: Error) => void = () => undefined

  /** Throws UploadError where the key or an option is not acceptable. */
  constructor(stream: SessionStream, host: UploadHost, key: string, options: UploadOptions) {
    this.#stream = stream
    let taken = options
    this.#upload = new Upload(host, key, options, {
      ...observeWith(
        UPLOAD_CALLBACKS,
        () => taken,
        (event, value) => void stream.emit(event, value),
      ),
      failed: (error) => stream.destroy(error),
    })
    // Checked. What the caller changes from here on is meant for the next upload.
    taken = { ...options }
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve
      this.#rejectDone = reject
    })
    // Whoever does not look at it learns of a failure from the stream.
    this.done.catch(() => undefined)
    const { onProgress } = options
    this.#reports = new ProgressReports(
      { emit: () => void stream.emit('progress', this.progress), report: () => onProgress?.(this.progress) },
      (error) => void stream.destroy(error),
    )
    this.#signal = options.signal
  }

  /** To be called when the stream is constructed: a signal that was aborted already destroys it here. */
  start(): void {
    if (this.#signal?.aborted === true) this.#onAbort()
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** A stream is piped here: one that is over already, or is read elsewhere, would make another object of its bytes. */
  pipedFrom(source: Readable): void {
    this.#sources.push(source)
    const fault = this.progress.received > 0 ? undefined : faultOf(source)
    if (fault !== undefined) this.#refuse(`the stream that is piped to the upload cannot be stored: ${fault}`)
  }

  #refuse(message: string): void {
    this.#stream.destroy(new UploadError('INVALID_OPTION', message, { key: this.key }))
  }

  get key(): string {
    return this.#upload.key
  }

  get uploadId(): string | undefined {
    return this.#upload.uploadId
  }

  get progress(): UploadProgress {
    return this.#upload.progress
  }

  get resumeFrom(): Promise<number> {
    const offset = this.#upload.resumeFrom()
    // Who does not wait for it learns of a failure from the stream.
    offset.catch(() => undefined)
    return offset
  }

  write(chunk: Uint8Array, callback: Callback): void {
    try {
      const pending = this.#upload.write(chunk)
      if (pending === undefined) callback()
      else callBack(pending, callback)
    } catch (error) {
      callback(toError(error))
    }
  }

  /** Aborted when the upload fails or is aborted. */
  get cancelled(): AbortSignal {
    return this.#upload.cancelled
  }

  /** See `Upload.lend`. */
  lend(): Uint8Array | undefined {
    return this.#upload.lend()
  }

  /** See `Upload.accept`. */
  accept(length: number): void {
    this.#upload.accept(length)
  }

  /** The same for many chunks: those that fit at once cost no turn of the event loop. */
  writeAll(chunks: readonly { chunk: Uint8Array }[], callback: Callback): void {
    callBack(this.#writeEach(chunks), callback)
  }

  finish(callback: Callback): void {
    callBack(this.#finish(), callback)
  }

  /** For `_destroy`: cleans up if the object is not published, then hands on the error. */
  destroy(thrown: Error | null, callback: Callback): void {
    // Anything can be thrown, although the types say otherwise.
    const error = (thrown as unknown) === null || (thrown as unknown) === undefined ? null : toError(thrown)
    this.#stop()
    if (this.#upload.result !== undefined) {
      // Published, but the caller's own code failed on hearing of it. Without an error this is the stream's usual end, or the
      // caller does not wait for that code: nobody is told any more if it fails.
      if (error === null) this.#resolveDone(this.#upload.result)
      else {
        attachLeftover(error, { outcomeUnknown: true })
        this.#rejectDone(error)
      }
      callback(error)
      return
    }
    const reason = error ?? this.#aborted('the stream was destroyed')
    void this.#upload.abort(reason).then(() => {
      this.#rejectDone(reason)
      callback(error)
    })
  }

  async #writeEach(chunks: readonly { chunk: Uint8Array }[]): Promise<void> {
    for (const { chunk } of chunks) {
      const pending = this.#upload.write(chunk)
      if (pending !== undefined) await pending
    }
  }

  async #finish(): Promise<void> {
    for (const source of this.#sources) await mustBeWhole(source)
    const result = await this.#upload.finish()
    this.#stop()
    await this.#reports.finish()
    this.#resolveDone(result)
  }

  #stop(): void {
    this.#reports.stop()
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.#stream.destroy(this.#aborted('its signal was aborted', this.#signal?.reason))
  }

  #aborted(why: string, cause?: unknown): UploadError {
    const { key } = this.#upload
    return new UploadError('ABORTED', `the upload of ${JSON.stringify(key)} was given up: ${why}`, { key, cause })
  }
}

/** The caller's own code may throw anything: nothing at all would pass for success. */
function callBack(promise: Promise<unknown>, callback: Callback): void {
  promise.then(
    () => callback(),
    (error: unknown) => callback(toError(error)),
  )
}
