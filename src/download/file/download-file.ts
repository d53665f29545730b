/**
 * Downloads an object to a file. An existing file is unchanged until all bytes are received and verified. Complete
 * ranges are written at their positions, in any order.
 *
 * Invariants: the target only changes when all bytes are in the partial file and verified; the memory of a range is
 * released when no write uses it any more; after a failure the partial file only exists together with a checkpoint of
 * its content.
 */
import path from 'node:path'
import { FileLock } from '../../checkpoint/file-lock.js'
import { formatCrc64 } from '../../checksum/decimal.js'
import { ProgressReports } from '../../flow/progress-reports.js'
import { MiB } from '../../shared/byte-size.js'
import { toError, UploadError, type UploadErrorCode } from '../../shared/errors.js'
import type { ObjectHead } from '../../stores/store-driver.js'
import { DownloadMeter, type DownloadProgress } from '../download-progress.js'
import { type DownloadResult, toDownloadResult } from '../download-result.js'
import type { IncomingRange } from '../incoming-range.js'
import { type DownloadHost, RangeFetcher, type RangeReader } from '../range-fetcher.js'
import { compareContent, type ExpectedContent, expectedContent, startDigest } from '../verification.js'
import { DownloadCheckpoint } from './download-checkpoint.js'
import type { DownloadRecord } from './download-record.js'
import { findEarlier } from './earlier-download.js'
import { type CheckedFileReading, checkFileDownloadOptions, type FileDownloadOptions } from './file-download-options.js'
import { PartialFile } from './partial-file.js'
import { cannotWrite, inUse, resolveTarget, type TargetFile } from './target-file.js'
import { WrittenSpans } from './written-spans.js'

/** After these failures another run cannot use the received bytes. */
const HOPELESS: readonly UploadErrorCode[] = ['CHECKSUM_MISMATCH', 'SOURCE_CHANGED', 'NOT_FOUND']

/** The bytes that a later run must read again, at most, because of one damaged byte. */
const SPAN = 64 * MiB

class FileDownload {
  readonly #host: DownloadHost
  readonly #key: string
  readonly #target: TargetFile
  readonly #options: CheckedFileReading
  readonly #checkpoint: DownloadCheckpoint | undefined
  readonly #meter = new DownloadMeter()
  readonly #written = new WrittenSpans(SPAN)
  readonly #writes = new Set<Promise<void>>()
  readonly #ending = new AbortController()
  #fetcher: RangeFetcher | undefined
  #partial: PartialFile | undefined
  #object: ObjectHead | undefined
  #expected: Promise<ExpectedContent> | undefined
  #ranges = 0

  /** `checkpoint` is undefined if nothing is recorded. The target must be locked. */
  constructor(
    host: DownloadHost,
    key: string,
    target: TargetFile,
    options: CheckedFileReading,
    checkpoint: DownloadCheckpoint | undefined,
  ) {
    this.#host = host
    this.#key = key
    this.#target = target
    this.#options = options
    this.#checkpoint = checkpoint
  }

  async run(): Promise<DownloadResult> {
    const { signal } = this.#options
    const onAbort = (): void => this.#fail(this.#aborted(signal?.reason))
    if (signal?.aborted === true) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
    const reports = new ProgressReports({ report: () => this.#options.onProgress?.(this.#progress()) }, (error) =>
      this.#fail(error),
    )
    try {
      const spans = await this.#open()
      await this.#fetchAll(spans)
      await this.#fetcher?.end()
      const result = await this.#verify()
      await reports.finish()
      this.#ending.signal.throwIfAborted()
      await this.#partial?.publish()
      await this.#partial?.close()
      this.#partial = undefined
      await this.#checkpoint?.remove()
      return result
    } catch (error) {
      this.#fail(error)
      await this.#fetcher?.end()
      await Promise.allSettled(this.#writes)
      const failure = toError(this.#ending.signal.reason)
      await this.#cleanUp(failure)
      throw failure
    } finally {
      reports.stop()
      this.#meter.stop()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Opens the partial file. Resolves with the missing spans. */
  async #open(): Promise<{ start: number; end: number }[]> {
    const { driver } = this.#host
    const { read, callbacks } = this.#options
    const { signal } = this.#ending
    signal.throwIfAborted()
    const found = await this.#checkpoint?.open()
    const wanted = { driver, key: this.#key, read, target: this.#target }
    const earlier = await findEarlier(found, wanted, { signal, isUnderWay: true })
    if (earlier.kind === 'resumable') {
      const { object, partial, spans } = earlier
      this.#partial = partial
      for (const span of spans) this.#written.add(span)
      const { bytes } = this.#written
      this.#meter.resumed = bytes
      this.#meter.delivered = bytes
      callbacks.onResumed?.({ bytes })
      this.#begun(object)
      return this.#written.gaps(object.size)
    }
    if (earlier.kind === 'useless') {
      callbacks.onRestarted?.(earlier.notice)
      // Remove the record before the bytes that it describes.
      await this.#checkpoint?.remove()
    }
    this.#partial = await PartialFile.create(this.#target)
    return [{ start: 0, end: Infinity }]
  }

  /** Resolves when all bytes are in the partial file. */
  async #fetchAll(spans: { start: number; end: number }[]): Promise<void> {
    this.#ending.signal.throwIfAborted()
    if (spans.length === 0) return
    await new Promise<void>((resolve, reject) => {
      const { callbacks } = this.#options
      this.#ending.signal.addEventListener('abort', () => reject(toError(this.#ending.signal.reason)), { once: true })
      const reader: RangeReader = {
        begun: (object) => this.#begun(object),
        received: (range) => {
          if (range.isWhole() && !range.isLent) this.#store(range, resolve)
        },
        dropped: () => undefined,
        retry: (notice) => callbacks.onRetry?.(notice),
        away: (notice) => this.#attempt(() => callbacks.onAway?.(notice)),
        back: (notice) => this.#attempt(() => callbacks.onBack?.(notice)),
        failed: (error) => this.#fail(error),
      }
      this.#fetcher = new RangeFetcher(this.#host, this.#key, this.#options, spans, reader, this.#meter)
      this.#fetcher.start(this.#object)
    })
  }

  #begun(object: ObjectHead): number {
    const { driver } = this.#host
    const { read, verify, callbacks } = this.#options
    const isResumed = this.#meter.resumed > 0
    this.#object = object
    this.#attempt(() => callbacks.onObject?.(object))
    const isOneResponse = !isResumed && object.size <= (this.#fetcher?.rangeSize ?? 0)
    const verified = { driver, key: this.#key, object, read }
    this.#expected = expectedContent(verified, verify, isOneResponse, {
      signal: this.#ending.signal,
      outageObserver: this.#fetcher?.outageObserver,
    })
    this.#expected.catch((error: unknown) => this.#fail(error))
    return object.size
  }

  #store(range: IncomingRange, done: () => void): void {
    range.isLent = true
    const write = this.#write(range)
      .then(
        () => {
          this.#fetcher?.release(range)
          if (this.#fetcher?.isAllRead === true) done()
        },
        (error: unknown) => {
          this.#fail(error)
          this.#fetcher?.release(range)
        },
      )
      .finally(() => this.#writes.delete(write))
    this.#writes.add(write)
    this.#meter.waitForNetwork(false)
  }

  async #write({ start, end, buffer }: IncomingRange): Promise<void> {
    this.#ranges += 1
    if (end === start) return
    const crc64 = buffer.digest()
    await this.#partial?.write(buffer.segments, start)
    this.#written.add({ start, end, crc64 })
    this.#meter.delivered += end - start
    this.#meter.waitForNetwork(this.#writes.size <= 1)
    this.#checkpoint?.save(
      () => this.#record(),
      (error) => this.#fail(error),
    )
  }

  async #verify(): Promise<DownloadResult> {
    const { driver } = this.#host
    const { signal } = this.#ending
    const expected = await this.#expected
    const object = this.#object
    if (expected === undefined || object === undefined) throw new Error('nothing was read. Please report this as a bug')
    const { checksum } = expected
    const crc64 = formatCrc64(this.#written.crc64)
    const digest = startDigest(expected)
    // Ranges arrive in any order, so a digest that needs the order is computed from the file.
    if (digest !== undefined) {
      await this.#partial?.read({ start: 0, end: object.size }, (bytes) => digest.update(bytes), signal)
    }
    const value = checksum?.algorithm === 'crc64ecma' ? crc64 : digest?.digest()
    const verified = compareContent({ driver, key: this.#key }, checksum, value)
    const compared = checksum === undefined || verified === 'size' ? {} : { checksum }
    const facts = { bucket: driver.bucket, key: this.#key, size: object.size, crc64, verified }
    return toDownloadResult(object, { ...facts, ...compared, ranges: this.#ranges })
  }

  /** Keeps what another run can resume, and removes everything else. */
  async #cleanUp(failure: Error): Promise<void> {
    const isHopeless = failure instanceof UploadError && HOPELESS.includes(failure.code)
    const isKept = this.#checkpoint !== undefined && !isHopeless && this.#written.bytes > 0
    try {
      if (isKept) {
        await this.#checkpoint.flush()
        await this.#partial?.close()
      } else if (this.#partial !== undefined) {
        // The record first, because it is useless without its file.
        await this.#checkpoint?.remove()
        await this.#partial.discard()
      }
    } catch {
      // The first failure matters more; the next run compares the file with the record.
      await this.#partial?.close().catch(() => undefined)
    }
  }

  #record(): DownloadRecord {
    const { driver } = this.#host
    const { etag = '', size = 0, versionId } = this.#object ?? {}
    const identity = { etag, size, ...(versionId === undefined ? {} : { versionId }) }
    const { spans } = this.#written
    return { location: driver.locationOf(this.#key), file: this.#target.place, ...identity, spans }
  }

  #progress(): DownloadProgress {
    const { rangesInFlight = 0, concurrency = 1 } = this.#fetcher ?? {}
    return this.#meter.snapshot(this.#object?.size, { rangesInFlight, concurrency })
  }

  #attempt(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Fails the download. Only the first failure counts. */
  #fail(error: unknown): void {
    if (!this.#ending.signal.aborted) this.#ending.abort(toError(error))
  }

  #aborted(cause: unknown): UploadError {
    const { bucket } = this.#host.driver
    const message = `reading ${JSON.stringify(this.#key)} was cancelled: its signal was aborted`
    return new UploadError('ABORTED', message, { bucket, key: this.#key, cause })
  }
}

/** Downloads the object. Rejects once no request and no write is in flight. @throws {UploadError} */
export async function downloadFile(
  host: DownloadHost,
  key: string,
  file: string,
  options: FileDownloadOptions,
): Promise<DownloadResult> {
  const checked = checkFileDownloadOptions(options)
  host.driver.check(key, checked.read)
  const target = await resolveTarget(file)
  const { checkpoint } = checked
  const place = checkpoint === true ? target.checkpoint : checkpoint === false ? undefined : path.resolve(checkpoint)
  const lock = new FileLock(target.lock, () => inUse(target))
  try {
    await lock.take()
  } catch (error) {
    throw cannotWrite(target, error)
  }
  const record = place === undefined ? undefined : new DownloadCheckpoint(place)
  try {
    return await new FileDownload(host, key, target, checked, record).run()
  } finally {
    await record?.unlock()
    await lock.release()
  }
}
