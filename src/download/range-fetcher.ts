/**
 * Reads ranges of one object, several at a time, into memory of the store's pool.
 *
 * Invariants:
 *
 * 1. At most `concurrency + 1` ranges are held, in the order of their positions. Nearly complete ones do not count as in
 *    flight.
 * 2. Only a download that holds no range waits for memory: the range it holds is the first that its reader needs, so a
 *    download that holds memory can proceed. Further ranges use free memory, and leave a quarter of it to others.
 * 3. If a reader pauses, its buffers are `resting` in the pool: if others wait for memory, they are dropped, the last one
 *    first, and read again when the reader continues.
 * 4. No byte of a response about another object than the first one is used.
 */
import type { PartBuffer } from '../checksum/crc64.js'
import { type Concurrency, concurrencyOf } from '../flow/concurrency.js'
import type { BufferPool } from '../memory/buffer-pool.js'
import type { IdleHolder } from '../memory/deadlock-breaker.js'
import { toError } from '../shared/errors.js'
import type {
  AwayNotice,
  BackNotice,
  ObjectHead,
  OutageObserver,
  RetryNotice,
  StoreDriver,
} from '../stores/store-driver.js'
import { type CheckedReading, rangeSizeOf } from './download-options.js'
import type { DownloadMeter } from './download-progress.js'
import { IncomingRange, type Span } from './incoming-range.js'
import { ObjectPin } from './object-pin.js'
import { type RangeContext, RangeRequest, type RangeRequests } from './range-request.js'
import { UnreadSpans } from './unread-spans.js'

/** What all downloads of a store share. */
export interface DownloadHost {
  driver: StoreDriver
  pool: BufferPool
}

/** The reader of the ranges. If a method throws, the download fails. */
export interface RangeReader {
  /** Called with the first response. Returns the end of the bytes to read, exclusive. */
  begun(object: ObjectHead): number
  /** Called when bytes of a range have arrived. */
  received(range: IncomingRange): void
  /** Called before the memory of the range is freed. Bytes that were not taken will be read again. */
  dropped(range: IncomingRange): void
  retry(notice: RetryNotice): void
  /** Called when the service cannot be reached, or fails. Must not throw. */
  away(notice: AwayNotice): void
  /** Called when the service responds again. Must not throw. */
  back(notice: BackNotice): void
  /** Called once when the download fails. No other call follows. */
  failed(error: Error): void
}

/** The share of the memory that ranges may use when they are read in advance. */
const SHARE = 3 / 4

export class RangeFetcher implements IdleHolder {
  readonly rangeSize: number
  /** Observer of all calls of this download. */
  readonly outageObserver: OutageObserver = {
    away: (notice) => {
      this.#meter.away = notice
      this.#reader.away(notice)
    },
    back: (notice) => {
      this.#meter.away = undefined
      this.#reader.back(notice)
    },
  }
  readonly #host: DownloadHost
  readonly #reader: RangeReader
  readonly #meter: DownloadMeter
  readonly #pin: ObjectPin
  readonly #shared: RangeRequests
  readonly #context: RangeContext
  readonly #concurrency: Concurrency
  readonly #unread: UnreadSpans
  #held: IncomingRange[] = []
  /** Requests in flight with their ranges. A range may be released before its response has ended. */
  readonly #requests = new Map<Promise<void>, IncomingRange>()
  #endWaiting: (() => void) | undefined
  #isReading = true
  #isOver = false

  /** `spans` are in order, with gaps between them; the end of the last one may be Infinity. */
  constructor(
    host: DownloadHost,
    key: string,
    options: CheckedReading,
    spans: readonly Span[],
    reader: RangeReader,
    meter: DownloadMeter,
  ) {
    this.#host = host
    this.#reader = reader
    this.#meter = meter
    this.#unread = new UnreadSpans(spans)
    this.rangeSize = rangeSizeOf(options, host.pool.maxMemory)
    this.#pin = new ObjectPin(host.driver.bucket, key)
    const { maxMemory } = host.pool
    const sizes = { partSize: this.rangeSize, maxMemory, expectsDelays: false }
    const concurrency = concurrencyOf(options.concurrency, sizes)
    this.#concurrency = concurrency
    this.#shared = {
      driver: host.driver,
      key,
      read: options.read,
      pin: this.#pin,
      first: (object, range) => this.#first(object, range),
      took: (range, bytes) => this.#took(range, bytes),
    }
    this.#context = {
      outageObserver: this.outageObserver,
      onRetry: (notice) => {
        meter.retries += 1
        reader.retry(notice)
      },
      onThrottled: (how) => (how === 'refused' ? concurrency.refused() : concurrency.delayed()),
    }
  }

  /** Held ranges in the order of their positions. */
  get held(): readonly IncomingRange[] {
    return this.#held
  }

  get isAllRead(): boolean {
    return this.#held.length === 0 && this.#unread.isEmpty
  }

  get rangesInFlight(): number {
    return this.#held.filter((range) => !range.isWhole()).length
  }

  get concurrency(): number {
    return this.#concurrency.limit
  }

  /** Starts to read. If `object` is known already, every range is pinned to it. */
  start(object?: ObjectHead): void {
    this.#host.pool.addHolder(this)
    if (object !== undefined) {
      this.#pin.check(object)
      this.#prepareConnections()
    }
    this.#fill()
  }

  /** Ends all requests. Resolves when none is in flight and no memory is held. */
  async end(): Promise<void> {
    this.#stop()
    await Promise.allSettled(this.#requests.keys())
  }

  /** Sets whether the reader requests bytes. */
  setReading(isReading: boolean): void {
    if (isReading === this.#isReading) return
    this.#isReading = isReading
    const { pool } = this.#host
    for (const { buffer } of this.#held) {
      if (isReading) pool.markMoving(buffer)
      else pool.rest(buffer)
    }
    if (isReading) this.#fill()
  }

  /** Releases a range of which all bytes were taken. */
  release(range: IncomingRange): void {
    this.#held = this.#held.filter((other) => other !== range)
    this.#concurrency.completed(range.received, this.#meter.networkMs)
    this.#host.pool.release(range.buffer)
    this.#fill()
  }

  get sendable(): number {
    const last = this.#held.at(-1)
    return this.#isReading || last === undefined || last.isLent ? 0 : last.buffer.capacity
  }

  /** Frees the memory of the last range. Bytes that the reader has not taken are read again. */
  sendShort(): void {
    const range = this.#held.pop()
    if (range === undefined) return
    this.#meter.received -= range.received - range.taken
    this.#reader.dropped(range)
    this.#abandon(range)
    this.#unread.giveBack({ start: range.start + range.taken, end: range.end })
  }

  shrink(): boolean {
    return false
  }

  #abandon(range: IncomingRange): void {
    range.controller.abort()
    this.#host.pool.release(range.buffer)
  }

  #stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#host.pool.removeHolder(this)
    this.#endWaiting?.()
    // Including those of released ranges: a response may return all its bytes and not end.
    for (const range of this.#requests.values()) range.controller.abort()
    for (const range of this.#held.splice(0)) if (!range.isLent) this.#host.pool.release(range.buffer)
  }

  #fail(error: unknown): void {
    if (this.#isOver) return
    this.#stop()
    this.#reader.failed(toError(error))
  }

  /** Starts as many ranges as may be in flight. */
  #fill(): void {
    while (this.#mayBegin()) {
      const buffer = this.#memory()
      if (buffer === undefined) return
      this.#begin(buffer)
    }
  }

  #mayBegin(): boolean {
    if (this.#isOver || !this.#isReading || this.#endWaiting !== undefined || this.#unread.isEmpty) return false
    if (this.#held.length === 0) return true
    // The first response has the size of the object.
    if (this.#pin.object === undefined) return false
    const { limit } = this.#concurrency
    return this.#held.length <= limit && this.#held.filter((range) => !range.isNearlyThere()).length < limit
  }

  #memory(): PartBuffer | undefined {
    return this.#held.length > 0 ? this.#memoryInAdvance() : this.#memoryOfFirst()
  }

  #memoryInAdvance(): PartBuffer | undefined {
    const { pool } = this.#host
    if (pool.handedOutBytes + this.rangeSize > pool.maxMemory * SHARE) return undefined
    try {
      return pool.tryAcquire(this.rangeSize)
    } catch {
      // The machine has no memory for it: continue with the held ranges.
      return undefined
    }
  }

  #memoryOfFirst(): PartBuffer | undefined {
    let isAtOnce = true
    let buffer: PartBuffer | undefined
    const serve = (served: PartBuffer): void => {
      this.#endWaiting = undefined
      if (isAtOnce) buffer = served
      else {
        this.#begin(served)
        this.#fill()
      }
    }
    const leave = this.#host.pool.request({ capacity: this.rangeSize, use: 'moving', held: 0 }, serve, (error) => {
      this.#endWaiting = undefined
      this.#fail(error)
    })
    isAtOnce = false
    if (buffer === undefined && !this.#isOver) this.#endWaiting = leave
    return buffer
  }

  #begin(buffer: PartBuffer): void {
    const range = new IncomingRange(this.#unread.take(this.rangeSize), buffer)
    this.#held.push(range)
    if (!this.#isReading) this.#host.pool.rest(buffer)
    const request = new RangeRequest(this.#shared, range, this.#context)
      .run()
      .catch((error: unknown) => {
        if (!range.isDropped()) this.#fail(error)
      })
      .finally(() => this.#requests.delete(request))
    this.#requests.set(request, range)
  }

  #prepareConnections(): void {
    const further = Math.min(this.#concurrency.limit, Math.ceil(this.#unread.bytes / this.rangeSize))
    if (further > 0) this.#host.driver.prepareConnections(further)
  }

  #first(object: ObjectHead, range: IncomingRange): void {
    const end = this.#reader.begun(object)
    range.end = Math.min(range.end, end)
    this.#unread.endAt(end)
    this.#prepareConnections()
    // An empty object has no bytes to report.
    if (range.isWhole()) this.#reader.received(range)
    this.#fill()
  }

  #took(range: IncomingRange, bytes: number): void {
    this.#meter.received += bytes
    const wasNearlyThere = range.wasNearlyThere(bytes)
    this.#reader.received(range)
    if (!wasNearlyThere && range.isNearlyThere()) this.#fill()
  }
}
