/**
 * What the streams of this library have in common: an upload, which the methods of the stream write to, publish or abort.
 * Converts promises to the callbacks of streams; no policy.
 */
import type { Readable } from 'node:stream'
import { ProgressReports } from '../flow/progress-reports.js'
import { attachLeftover, toError, UploadError } from '../shared/errors.js'
import { observeWith } from '../shared/event-callbacks.js'
import type { UploadProgress } from '../upload/progress.js'
import { UPLOAD_CALLBACKS } from '../upload/upload-callbacks.js'
import type { UploadHost } from '../upload/upload-observer.js'
import { Upload } from '../upload/upload.js'
import { takeUploadOptions, type UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import { faultOf, mustBeWhole } from './source-state.js'

/** What a session needs of its stream. */
export interface SessionStream {
  emit(event: string, ...values: unknown[]): boolean
  destroy(error?: Error): unknown
}

export type Callback = (error?: Error | null) => void

/** Bytes that a stream buffers besides the part buffers. */
export const HIGH_WATER_MARK: number = 256 * 1024

export class UploadSession {
  /** Resolves when `finish` is emitted; rejects once the clean-up is over. */
  readonly done: Promise<UploadResult>
  readonly #stream: SessionStream
  readonly #upload: Upload
  readonly #signal: AbortSignal | undefined
  readonly #reports: ProgressReports
  /** Sources that were piped into the stream. */
  readonly #sources: Readable[] = []
  #resolveDone: (result: UploadResult) => void = () => undefined
  #rejectDone: (error: Error) => void = () => undefined

  /** Throws UploadError if the key or an option is invalid. */
  constructor(stream: SessionStream, host: UploadHost, key: string, options: UploadOptions) {
    this.#stream = stream
    const taken = takeUploadOptions(options)
    this.#upload = new Upload(host, key, taken, {
      ...observeWith(
        UPLOAD_CALLBACKS,
        () => taken,
        (event, value) => void stream.emit(event, value),
      ),
      failed: (error) => stream.destroy(error),
    })
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve
      this.#rejectDone = reject
    })
    // A caller that does not use it gets failures from the stream.
    this.done.catch(() => undefined)
    const { onProgress } = taken
    this.#reports = new ProgressReports(
      { emit: () => void stream.emit('progress', this.progress), report: () => onProgress?.(this.progress) },
      (error) => void stream.destroy(error),
    )
    this.#signal = this.#upload.signal
  }

  /** Must be called when the stream is constructed. Destroys it if the signal is already aborted. */
  start(): void {
    if (this.#signal?.aborted === true) this.#onAbort()
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Checks a source that is piped here: if it has ended or is read elsewhere, its bytes would be incomplete. */
  pipedFrom(source: Readable): void {
    this.#sources.push(source)
    const fault = this.progress.received > 0 ? undefined : faultOf(source, 1)
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
    // A caller that does not await it gets failures from the stream.
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

  /** Writes many chunks. Those that fit at once cost no event-loop turn. */
  writeAll(chunks: readonly { chunk: Uint8Array }[], callback: Callback): void {
    callBack(this.#writeEach(chunks), callback)
  }

  finish(callback: Callback): void {
    callBack(this.#finish(), callback)
  }

  /** For `_destroy`: cleans up if the object is not published, then passes on the error. */
  destroy(thrown: Error | null, callback: Callback): void {
    // Any value can be thrown, although the types only name Error.
    const error = (thrown as unknown) === null || (thrown as unknown) === undefined ? null : toError(thrown)
    this.#stop()
    if (this.#upload.result !== undefined) {
      // The object is published, but a listener of the caller failed. Without an error this is the normal end of the stream,
      // or that listener is not awaited: if it fails later, its error is not reported.
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
    return new UploadError('ABORTED', `the upload of ${JSON.stringify(key)} was aborted: ${why}`, { key, cause })
  }
}

/** Calls back with an error in any case: code of the caller may throw undefined, which would look like success. */
function callBack(promise: Promise<unknown>, callback: Callback): void {
  promise.then(
    () => callback(),
    (error: unknown) => callback(toError(error)),
  )
}
