import type { DownloadProgress, UploadProgress } from '../../index.js'
import { RateMeter } from './rate-meter.js'

/** The progress of a transfer as it is shown. Sizes are in bytes, rates in bytes per second. */
export interface TransferFacts {
  bytes: number
  /** Absent if the number is not known. */
  total?: number | undefined
  /** What `bytes` counts: `read` from the source while nothing was sent, then `sent`; `received` for a download. */
  verb: 'read' | 'sent' | 'received'
  elapsedMs: number
  rateNow: number
  rateMean: number
  retries: number
  /** Bytes that an upload has read from the source and not sent yet. */
  held?: number
  partsDone?: number
  partsInFlight?: number
  /** `limit`: the bandwidth limit. */
  slowSide?: 'source' | 'network' | 'reader' | 'limit'
  /** Milliseconds until the transfer fails because the service is away; absent while it is not. */
  waitsMs?: number
}

/** Converts the progress of a transfer to the facts that are shown. */
export class UploadFacts {
  readonly #sent = new RateMeter()
  readonly #received = new RateMeter()
  readonly #limit: LimitGauge

  /** `limit` is the bandwidth limit in bytes per second. */
  constructor(limit?: number) {
    this.#limit = new LimitGauge(limit)
  }

  of(progress: UploadProgress): TransferFacts {
    const { received, sent, resumed, expectedSize, elapsedMs, partsDone, partsInFlight, retries, slowSide, away } =
      progress
    const sentNow = this.#sent.take(elapsedMs, sent)
    const receivedNow = this.#received.take(elapsedMs, received)
    // Nothing is sent before the first part is full, and a zero would look like an error.
    const isReading = sent + resumed === 0
    // Bytes of a previous run count as done, but not for the rate.
    const bytes = isReading ? received : sent + resumed
    return {
      bytes,
      total: expectedSize,
      verb: isReading ? 'read' : 'sent',
      elapsedMs,
      rateNow: isReading ? receivedNow : sentNow,
      rateMean: meanRate(isReading ? received : sent, elapsedMs),
      retries,
      held: isReading ? 0 : Math.max(received - bytes, 0),
      partsDone,
      partsInFlight,
      slowSide: this.#limit.isReached(elapsedMs, sent) ? 'limit' : slowSide,
      ...(away === undefined ? {} : { waitsMs: Math.max(0, away.until.getTime() - Date.now()) }),
    }
  }
}

/** The same for a download. */
export class DownloadFacts {
  readonly #meter = new RateMeter()
  readonly #limit: LimitGauge

  /** `limit` is the bandwidth limit in bytes per second. */
  constructor(limit?: number) {
    this.#limit = new LimitGauge(limit)
  }

  of({ received, delivered, resumed, total, elapsedMs, retries, slowSide, away }: DownloadProgress): TransferFacts {
    const rateNow = this.#meter.take(elapsedMs, received)
    const rateMean = meanRate(received, elapsedMs)
    const held = Math.max(received + resumed - delivered, 0)
    const waits = away === undefined ? {} : { waitsMs: Math.max(0, away.until.getTime() - Date.now()) }
    return {
      bytes: delivered,
      total,
      verb: 'received',
      elapsedMs,
      rateNow,
      rateMean,
      retries,
      held,
      slowSide: this.#limit.isReached(elapsedMs, received) ? 'limit' : slowSide,
      ...waits,
    }
  }
}

/** The share of a bandwidth limit that a transfer reaches if nothing else slows it down. */
const SHARE_OF_LIMIT = 0.85

/** Returns whether the bandwidth limit slows the transfer down. The time before its first byte does not count. */
class LimitGauge {
  readonly #limit: number | undefined
  readonly #meter = new RateMeter()

  constructor(limit: number | undefined) {
    this.#limit = limit
  }

  isReached(elapsedMs: number, bytes: number): boolean {
    if (this.#limit === undefined || bytes === 0) return false
    return this.#meter.take(elapsedMs, bytes) >= this.#limit * SHARE_OF_LIMIT
  }
}

function meanRate(bytes: number, elapsedMs: number): number {
  return elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0
}
