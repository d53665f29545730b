/**
 * A token bucket over all bodies that are sent. Invariant: in no span of time, however short, do more bytes pass than
 * the limit allows for its length, and `burst` on top. Whoever waits is served in order, a slice each: that shares
 * the limit evenly between the bodies under way.
 */
import { KiB } from '../shared/byte-size.js'
import { toError } from '../shared/errors.js'

/** Time, as the limiter needs it. */
export interface PacingClock {
  /** Milliseconds that only go on. */
  now(): number
  /** Calls back after so many; answers how to take it back. */
  after(ms: number, callback: () => void): () => void
}

export const MIN_BANDWIDTH: number = KiB

/** What leaves at once: small enough to be smooth, large enough to cost little. */
const SLICE_MS = 25
const LARGEST_SLICE = 256 * KiB
const SMALLEST_SLICE = KiB
/** What a busy process may catch up on, so that timers that come late do not cost bandwidth. */
const BURST_MS = 50

const systemClock: PacingClock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

interface Waiter {
  bytes: number
  pass: () => void
}

export class BandwidthLimiter {
  /** Bytes to be asked for at a time. */
  readonly sliceSize: number
  /** Bytes that may pass at once after a pause. */
  readonly burst: number
  readonly #bytesPerMs: number
  readonly #clock: PacingClock
  readonly #waiters: Waiter[] = []
  #tokens: number
  #countedAt: number
  #cancelTimer: (() => void) | undefined

  /** At least `MIN_BANDWIDTH`. */
  constructor(bytesPerSecond: number, clock: PacingClock = systemClock) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#clock = clock
    const slice = Math.floor(this.#bytesPerMs * SLICE_MS)
    this.sliceSize = Math.max(SMALLEST_SLICE, Math.min(LARGEST_SLICE, slice))
    this.burst = Math.max(2 * this.sliceSize, Math.floor(this.#bytesPerMs * BURST_MS))
    this.#tokens = this.burst
    this.#countedAt = clock.now()
  }

  /** Resolves when `bytes`, at most `burst`, may leave. Rejects with the signal's reason. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#waiters.length === 0 && this.#take(bytes)) return
    await new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        reject(toError(signal.reason))
        this.#serve()
      }
      const waiter: Waiter = {
        bytes,
        pass() {
          signal.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      this.#waiters.push(waiter)
      signal.addEventListener('abort', onAbort, { once: true })
      if (this.#waiters.length === 1) this.#serve()
    })
  }

  #serve(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      if (!this.#take(waiter.bytes)) {
        const ms = Math.max(1, Math.ceil((waiter.bytes - this.#tokens) / this.#bytesPerMs))
        this.#cancelTimer = this.#clock.after(ms, () => this.#serve())
        return
      }
      this.#waiters.shift()
      waiter.pass()
    }
  }

  #take(bytes: number): boolean {
    const now = this.#clock.now()
    this.#tokens = Math.min(this.burst, this.#tokens + (now - this.#countedAt) * this.#bytesPerMs)
    this.#countedAt = now
    if (this.#tokens < bytes) return false
    this.#tokens -= bytes
    return true
  }
}
