import { Readable } from 'node:stream'
import { combineCrc64 } from '../checksum/combine.js'
import type { RunningChecksum } from '../checksum/checksum.js'
import { formatCrc64 } from '../checksum/decimal.js'
import { crc64Engine } from '../checksum/engine.js'
import {
  checkRange,
  checkReadingOptions,
  DOWNLOAD_OPTION_NAMES,
  type DownloadOptions,
} from '../download/download-options.js'
import { DownloadMeter, type DownloadProgress } from '../download/download-progress.js'
import { type DownloadResult, toDownloadResult } from '../download/download-result.js'
import type { IncomingRange } from '../download/incoming-range.js'
import { type DownloadHost, RangeFetcher } from '../download/range-fetcher.js'
import { compareContent, type ExpectedContent, expectedContent, startDigest } from '../download/verification.js'
import { ProgressReports } from '../flow/progress-reports.js'
import { KiB } from '../shared/byte-size.js'
import { takeOptions } from '../shared/check-option.js'
import { toError, UploadError } from '../shared/errors.js'
import type { AwayNotice, BackNotice, ByteRange, ObjectHead, RetryNotice } from '../stores/store-driver.js'
import type { DownloadListener } from './download-events.js'

/**
 * Size of a chunk: small enough that its memory is not mapped again each time, large enough that its cost does not
 * matter.
 */
const CHUNK = 64 * KiB
const HIGH_WATER_MARK = 256 * KiB
/** Size of a view: its cost does not matter, and a slow reader still shows progress. */
const VIEW = 512 * KiB

/** Writes a view. Settles when the bytes are no longer needed. */
type WriteView = (bytes: Uint8Array) => Promise<void>

/**
 * A Readable of an object, which reads several ranges at a time and passes them on in order. `end` means that all bytes were
 * read and verified; otherwise the stream fails. Chunks are copies, so you may keep them.
 */
export class DownloadStream extends Readable {
  /** Key of the object. */
  readonly key: string
  readonly #object: Promise<ObjectHead>
  /**
   * Resolves with the result when all bytes are verified and the stream has ended. Rejects with the failure, once no
   * request is in flight.
   */
  readonly done: Promise<DownloadResult>
  readonly #host: DownloadHost
  readonly #options: ReturnType<typeof checkReadingOptions>
  readonly #range: ByteRange | undefined
  readonly #meter = new DownloadMeter()
  readonly #fetcher: RangeFetcher
  readonly #cancelled = new AbortController()
  #reports: ProgressReports | undefined
  #hasStarted = false
  #head: ObjectHead | undefined
  /** Bytes to deliver. */
  #total: number | undefined
  #ranges = 0
  #crc64 = 0n
  /** Set once bytes may be passed on. */
  #expected: ExpectedContent | undefined
  #digest: RunningChecksum | undefined
  #write: WriteView | undefined
  #isWanted = false
  #isDue = false
  #isEnding = false
  #resolveObject: (object: ObjectHead) => void = () => undefined
  #rejectObject: (error: Error) => void = () => undefined
  #resolveDone: (result: DownloadResult) => void = () => undefined
  #rejectDone: (error: Error) => void = () => undefined

  /** @internal Throws UploadError if the key or an option is invalid: nothing has been sent then. */
  constructor(host: DownloadHost, key: string, options: DownloadOptions = {}) {
    super({ highWaterMark: HIGH_WATER_MARK })
    this.key = key
    this.#host = host
    const taken = takeOptions('a download', options, DOWNLOAD_OPTION_NAMES)
    this.#options = checkReadingOptions(taken)
    host.driver.check(key, this.#options.read)
    this.#range = taken.range === undefined ? undefined : checkRange(taken.range)
    const { start = 0, end = Infinity } = this.#range ?? {}
    const reader = {
      begun: (object: ObjectHead) => this.#begun(object),
      received: (range: IncomingRange) => this.#received(range),
      dropped: (range: IncomingRange) => this.#count(range),
      retry: (notice: RetryNotice) => void this.emit('retry', notice),
      away: (notice: AwayNotice) => this.#notify(() => this.emit('away', notice)),
      back: (notice: BackNotice) => this.#notify(() => this.emit('back', notice)),
      failed: (error: Error) => void this.destroy(error),
    }
    this.#fetcher = new RangeFetcher(host, key, this.#options, [{ start, end: end + 1 }], reader, this.#meter)
    this.#object = new Promise((resolve, reject) => {
      this.#resolveObject = resolve
      this.#rejectObject = reject
    })
    this.done = new Promise((resolve, reject) => {
      this.#resolveDone = resolve
      this.#rejectDone = reject
    })
    // A caller that does not use them gets failures from the stream.
    this.#object.catch(() => undefined)
    this.done.catch(() => undefined)
    const { signal } = this.#options
    if (signal?.aborted === true) this.#onAbort()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** Starts the download. Resolves with the properties of the object in the first response; rejects if it fails before. */
  get object(): Promise<ObjectHead> {
    this.#start()
    return this.#object
  }

  /** Current progress. */
  get progress(): DownloadProgress {
    const { rangesInFlight, concurrency } = this.#fetcher
    return this.#meter.snapshot(this.#total, { rangesInFlight, concurrency })
  }

  /**
   * @internal Passes the bytes to `write` in views of the memory that received them, instead of copies to a reader. Each
   * view is valid until the promise of `write` settles. Must be called before anything is read. Resolves and rejects as
   * `done` does; if `write` rejects, the stream fails with its error.
   */
  async writeTo(write: WriteView): Promise<DownloadResult> {
    this.#write = write
    // Nothing is pushed: this only reads the end.
    this.resume()
    return this.done
  }

  /** @internal */
  override _read(): void {
    this.#isWanted = true
    this.#start()
    this.#deliver()
  }

  /** @internal */
  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#reports?.stop()
    this.#meter.stop()
    const reason = error ?? this.#aborted('the stream was destroyed')
    this.#cancelled.abort(reason)
    // An `end` that is due already is still emitted: let it come first.
    const ticked = this.#fetcher.end().then(() => new Promise<void>((resolve) => process.nextTick(resolve)))
    void ticked.then(() => {
      // After the end these have settled already.
      this.#rejectObject(reason)
      this.#rejectDone(reason)
      callback(error)
    })
  }

  /** Listens to an event of a stream, or of `DownloadEvents`. */
  override on<Event extends string | symbol>(event: Event, listener: DownloadListener<Event>): this {
    return super.on(event, listener)
  }

  /** The same for the next event only. */
  override once<Event extends string | symbol>(event: Event, listener: DownloadListener<Event>): this {
    return super.once(event, listener)
  }

  #start(): void {
    if (this.#hasStarted || this.destroyed) return
    this.#hasStarted = true
    this.#reports = new ProgressReports(
      {
        emit: () => void this.emit('progress', this.progress),
        report: () => this.#options.onProgress?.(this.progress),
      },
      (error) => void this.destroy(error),
    )
    this.#fetcher.start()
  }

  /** If a listener throws, the download fails, not the request in flight. */
  #notify(emit: () => void): void {
    try {
      emit()
    } catch (error) {
      this.destroy(toError(error))
    }
  }

  #begun(object: ObjectHead): number {
    const { start = 0, end = Infinity } = this.#range ?? {}
    const last = Math.min(end + 1, object.size)
    this.#head = object
    this.#total = last - start
    void this.#prepare(object, last - start)
    return last
  }

  async #prepare(object: ObjectHead, total: number): Promise<void> {
    try {
      this.#resolveObject(object)
      this.emit('object', object)
      const { key, cancelled } = { key: this.key, cancelled: this.#cancelled.signal }
      const verified = { driver: this.#host.driver, key, object, read: this.#options.read }
      const isOneResponse = total <= this.#fetcher.rangeSize
      this.#expected =
        this.#range === undefined
          ? await expectedContent(verified, this.#options.verify, isOneResponse, {
              signal: cancelled,
              outageObserver: this.#fetcher.outageObserver,
            })
          : { checksum: undefined, parts: undefined }
      this.#digest = startDigest(this.#expected)
      this.#deliver()
    } catch (error) {
      this.destroy(toError(error))
    }
  }

  #received(range: IncomingRange): void {
    if (range !== this.#fetcher.held[0] || !this.#isWanted || this.#isDue) return
    // Deferred, so that an error of a listener does not fail the request whose bytes these are.
    this.#isDue = true
    process.nextTick(() => {
      this.#isDue = false
      this.#deliver()
    })
  }

  /** Passes on received bytes, in order, until the reader has enough. */
  #deliver(): void {
    if (this.#expected === undefined || this.#isDestroyed()) return
    while (this.#isWanted) {
      const range = this.#fetcher.held[0]
      if (range === undefined || range.taken === range.received) {
        if (range?.isWhole() === true) this.#finishRange(range)
        else break
      } else if (this.#write !== undefined) {
        void this.#lend(range, this.#write)
      } else {
        this.#push(range.read(CHUNK))
        if (this.#isDestroyed()) return
        if (range.isWhole() && range.taken === range.received) this.#finishRange(range)
      }
    }
    this.#meter.waitForNetwork(this.#isWanted)
    this.#fetcher.setReading(this.#isWanted)
    if (this.#fetcher.isAllRead && this.#meter.delivered === this.#total) void this.#finish()
  }

  /** Must be read again after each call of the reader's code. */
  #isDestroyed(): boolean {
    return this.destroyed
  }

  #push(chunk: Buffer): void {
    this.#digest?.update(chunk)
    this.#meter.delivered += chunk.length
    this.#isWanted = this.push(chunk)
  }

  /** The memory of the range is released after the write at the earliest. */
  async #lend(range: IncomingRange, write: WriteView): Promise<void> {
    const view = range.view(Math.min(VIEW, range.received - range.taken))
    this.#isWanted = false
    range.isLent = true
    try {
      this.#digest?.update(view)
      await write(view)
    } catch (error) {
      this.destroy(toError(error))
    }
    range.isLent = false
    if (this.#isDestroyed()) {
      this.#fetcher.release(range)
      return
    }
    range.taken += view.length
    this.#meter.delivered += view.length
    this.#isWanted = true
    this.#deliver()
  }

  #finishRange(range: IncomingRange): void {
    this.#count(range)
    this.#fetcher.release(range)
  }

  /** Adds the delivered bytes of a range to the CRC-64 of all delivered bytes. */
  #count(range: IncomingRange): void {
    if (range.received > 0) this.#ranges += 1
    if (range.taken === 0) return
    const crc64 = range.taken === range.received ? range.buffer.digest() : crc64OfTaken(range)
    this.#crc64 = combineCrc64(this.#crc64, crc64, range.taken)
  }

  async #finish(): Promise<void> {
    const { driver } = this.#host
    if (this.#isEnding || this.#head === undefined || this.#expected === undefined) return
    this.#isEnding = true
    try {
      const { checksum } = this.#expected
      const crc64 = formatCrc64(this.#crc64)
      const value = checksum?.algorithm === 'crc64ecma' ? crc64 : this.#digest?.digest()
      const verified = compareContent({ driver, key: this.key }, checksum, value)
      this.#meter.stop()
      await this.#reports?.finish()
      if (this.#isDestroyed()) return
      const facts = { bucket: driver.bucket, key: this.key, size: this.#meter.delivered, crc64, verified }
      const compared = checksum === undefined || verified === 'size' ? {} : { checksum }
      const result = toDownloadResult(this.#head, { ...facts, ...compared, ranges: this.#ranges })
      // Until its reader has taken everything, the stream can still fail; then both report the same error.
      this.once('end', () => this.#resolveDone(result))
      this.push(null)
    } catch (error) {
      this.destroy(toError(error))
    }
  }

  readonly #onAbort = (): void => {
    this.destroy(this.#aborted('its signal was aborted', this.#options.signal?.reason))
  }

  #aborted(why: string, cause?: unknown): UploadError {
    const { key } = this
    const { bucket } = this.#host.driver
    return new UploadError('ABORTED', `reading ${JSON.stringify(key)} was cancelled: ${why}`, { bucket, key, cause })
  }
}

function crc64OfTaken(range: IncomingRange): bigint {
  const crc64 = crc64Engine().create()
  let left = range.taken
  for (const segment of range.buffer.segments) {
    crc64.update(segment.subarray(0, left))
    left = Math.max(0, left - segment.length)
  }
  return crc64.digest()
}
