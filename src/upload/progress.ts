import type { AwayNotice } from '../stores/store-driver.js'

/** The progress of an upload. A byte is `acknowledged` when the response to its request was received. */
export interface UploadProgress {
  /** Bytes received from the source. */
  received: number
  /** Bytes sent by this process. Bytes that are sent again are not counted twice. */
  sent: number
  /** Bytes that the store acknowledged. */
  acknowledged: number
  /** Bytes that a previous run had sent and that were not sent again. They are among the acknowledged. */
  resumed: number
  /** As given by `expectedSize`. */
  expectedSize?: number
  /** The share of `expectedSize` that is acknowledged, 0 to 1, and 1 at the end; absent while the size is unknown. */
  fraction?: number
  partsDone: number
  partsInFlight: number
  /** Parts that may be in flight: as given, or what `'auto'` has found so far. */
  concurrency: number
  /** Attempts that failed and were followed by another one. */
  retries: number
  /** Why requests wait, and when the upload fails; absent while the service is not away. */
  away?: AwayNotice
  /** From the creation of the upload to now, or to its end. */
  elapsedMs: number
  /** Milliseconds since the last byte was received from the source. */
  sourceIdleMs: number
  /** What the upload waits for now: bytes of the source, or the network. */
  waitingFor: 'source' | 'network'
  /** Which side it waited for most, so far. */
  slowSide: 'source' | 'network'
}

/** The counting behind UploadProgress. */
export class ProgressMeter {
  readonly #createdAt = performance.now()
  #lastByteAt = performance.now()
  #blockedAt: number | undefined
  #blockedMs = 0
  #endedAt: number | undefined
  #stoppedAt: number | undefined
  #isFinished = false
  received = 0
  sent = 0
  resumed = 0
  resumedParts = 0
  retries = 0
  /** Set while the service is away. */
  away: AwayNotice | undefined

  receive(bytes: number): void {
    this.received += bytes
    this.#lastByteAt = performance.now()
  }

  /** Parts of so many bytes in all are not sent again. */
  resume(parts: number, bytes: number): void {
    this.resumedParts += parts
    this.resumed += bytes
  }

  /** Counts the time that the source waits for the network. */
  async blocked<T>(promise: Promise<T>): Promise<T> {
    this.#blockedAt = performance.now()
    try {
      return await promise
    } finally {
      this.#blockedMs += performance.now() - this.#blockedAt
      this.#blockedAt = undefined
    }
  }

  /** Milliseconds that the source has waited for the network. */
  get blockedMs(): number {
    return this.#blockedMs + (this.#blockedAt === undefined ? 0 : performance.now() - this.#blockedAt)
  }

  /** The source has ended: from now on the upload only waits for the network. */
  end(): void {
    this.#endedAt ??= performance.now()
  }

  /** The upload has succeeded or failed. */
  stop(): void {
    this.#stoppedAt ??= performance.now()
  }

  /** The object is stored completely. */
  finish(): void {
    this.stop()
    this.#isFinished = true
  }

  #fraction(acknowledged: number, expectedSize: number | undefined): { fraction?: number } {
    if (this.#isFinished) return { fraction: 1 }
    if (expectedSize === undefined) return {}
    return { fraction: acknowledged === 0 ? 0 : Math.min(acknowledged / expectedSize, 1) }
  }

  snapshot(
    parts: Pick<UploadProgress, 'acknowledged' | 'partsDone' | 'partsInFlight' | 'concurrency'>,
    expectedSize: number | undefined,
  ): UploadProgress {
    const now = this.#stoppedAt ?? performance.now()
    const elapsedMs = now - this.#createdAt
    const blockedMs = this.#blockedMs + (this.#blockedAt === undefined ? 0 : now - this.#blockedAt)
    const networkMs = blockedMs + now - (this.#endedAt ?? now)
    const isEnded = this.#endedAt !== undefined
    return {
      received: this.received,
      sent: this.sent,
      ...parts,
      resumed: this.resumed,
      ...(expectedSize === undefined ? {} : { expectedSize }),
      ...this.#fraction(parts.acknowledged, expectedSize),
      retries: this.retries,
      ...(this.away === undefined || this.#stoppedAt !== undefined ? {} : { away: this.away }),
      elapsedMs,
      sourceIdleMs: isEnded ? 0 : now - this.#lastByteAt,
      waitingFor: isEnded || this.#blockedAt !== undefined ? 'network' : 'source',
      slowSide: networkMs > elapsedMs - networkMs ? 'network' : 'source',
    }
  }
}
