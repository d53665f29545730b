/**
 * A token bucket for all bodies in flight. Invariant: in any span of time, at most the bytes that the limit allows for its
 * length pass, plus `burst`. Waiting bodies are served in order, a slice each, so that they share the limit evenly.
 */
import { KiB } from '../shared/byte-size.js'
import { toError } from '../shared/errors.js'

/** The clock of the limiter. */
export interface PacingClock {
  /** Returns monotonic milliseconds. */
  now(): number
  /** Calls back after `ms` milliseconds. Returns a function that cancels this. */
  after(ms: number, callback: () => void): () => void
}

export const MIN_BANDWIDTH: number = KiB

/** The time of one slice: short enough for a smooth flow, long enough to cost little. */
const SLICE_MS = 25
const LARGEST_SLICE = 256 * KiB
const SMALLEST_SLICE = KiB
/** How much a busy process may catch up, so that late timers do not cost bandwidth. */
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
  /** Bytes to request at a time. */
  readonly sliceSize: number
  /** Bytes that may be sent at once after a pause. */
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

  /** Resolves when `bytes`, at most `burst`, may pass. Rejects with the reason of the signal. */
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
