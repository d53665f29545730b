import type { AwayNotice } from '../stores/store-driver.js'

/** The progress of a download. */
export interface DownloadProgress {
  /** Bytes received from the network; bytes that are read again count once. */
  received: number
  /** Bytes that the reader has got, or that are written to the file. */
  delivered: number
  /** Bytes that a previous run wrote to the file; included in `delivered`. */
  resumed: number
  /** Total bytes to deliver; absent until the first response. */
  total?: number
  /** The share of `total` that is delivered, 0 to 1; absent while that is unknown. */
  fraction?: number
  /** Ranges in flight. */
  rangesInFlight: number
  /** Ranges that may be in flight: as given, or what `'auto'` has found so far. */
  concurrency: number
  /** Attempts that failed and were followed by another one. */
  retries: number
  /** Why requests wait, and when the download fails; absent while the service is not away. */
  away?: AwayNotice
  /** Milliseconds from the start of the download to now, or to its end. */
  elapsedMs: number
  /** What the download waits for now: bytes from the network, or the reader (the disk, for a file). */
  waitingFor: 'network' | 'reader'
  /** What it waited for most, so far. */
  slowSide: 'network' | 'reader'
}

/** Counts for `DownloadProgress`. */
export class DownloadMeter {
  readonly #createdAt = performance.now()
  #networkSince: number | undefined = performance.now()
  #networkMs = 0
  #stoppedAt: number | undefined
  received = 0
  delivered = 0
  resumed = 0
  retries = 0
  /** Set while the service is away. */
  away: AwayNotice | undefined

  /** Reports whether the reader waits for bytes. */
  waitForNetwork(isWaiting: boolean): void {
    if (isWaiting) this.#networkSince ??= performance.now()
    else {
      this.#networkMs = this.networkMs
      this.#networkSince = undefined
    }
  }

  /** Milliseconds that the reader has waited for the network. */
  get networkMs(): number {
    const now = this.#stoppedAt ?? performance.now()
    return this.#networkMs + (this.#networkSince === undefined ? 0 : now - this.#networkSince)
  }

  /** Stops the clock at the end of the download. */
  stop(): void {
    this.#stoppedAt ??= performance.now()
  }

  snapshot(total: number | undefined, flow: { rangesInFlight: number; concurrency: number }): DownloadProgress {
    const elapsedMs = (this.#stoppedAt ?? performance.now()) - this.#createdAt
    const { received, delivered, resumed, retries, networkMs } = this
    const fraction = total === 0 ? 1 : delivered / (total ?? 1)
    return {
      received,
      delivered,
      resumed,
      ...(total === undefined ? {} : { total, fraction }),
      ...flow,
      retries,
      ...(this.away === undefined || this.#stoppedAt !== undefined ? {} : { away: this.away }),
      elapsedMs,
      waitingFor: this.#networkSince === undefined ? 'reader' : 'network',
      slowSide: networkMs >= elapsedMs - networkMs ? 'network' : 'reader',
    }
  }
}
