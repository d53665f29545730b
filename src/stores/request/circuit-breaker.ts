/**
 * A circuit breaker that all calls of a store share. While the service is away, one request at a time probes whether it is
 * back. Waiting is counted in steps of at most a second, so that the time of a suspended process is not counted.
 */
import { backoffMs, type RetryOptions } from '../../shared/backoff.js'
import { KiB } from '../../shared/byte-size.js'
import type { OutageObserver } from '../store-driver.js'
import type { Outage } from './attempt-failure.js'

/** Consecutive failures of all calls together after which the service counts as away. */
const FAILURES_TO_OPEN = 3

/** A probe that has sent more than this over a new connection makes progress: a socket buffers less. */
const BYTES_THAT_MOVE = 256 * KiB

const STEP_MS = 1000

/**
 * - `closed`: requests are sent. Has the number of failures since the last response.
 * - `open`: the service is away. From `dueAt` on the call that waits longest sends its request as the probe.
 * - `half-open`: a probe got a response. The waiting calls follow a few at a time.
 */
type State =
  | { name: 'closed'; failures: number }
  | { name: 'open'; failures: number; since: number; last: ServiceFailure; dueAt: number; probe: object | undefined }
  | { name: 'half-open' }

/** A failure of the service or the connection to it. */
export interface ServiceFailure {
  kind: Outage
  reason: string
  /** Milliseconds that the service requested. */
  retryAfterMs?: number | undefined
}

/** A call that waits to send. */
export interface Caller {
  /** Milliseconds that it may wait. */
  patienceMs: number
  signals: readonly (AbortSignal | undefined)[]
  observer?: OutageObserver | undefined
}

/** Called with the result of waiting. */
export interface Turn {
  /** `send`: the request may be sent. `late`: the retry time is over. `ended`: by a signal, or by `close()`. */
  outcome: 'send' | 'late' | 'ended'
  waitedMs: number
}

interface Waiter {
  request: object
  observer: OutageObserver | undefined
  leftMs: number
  end: (outcome: Turn['outcome']) => void
}

export class CircuitBreaker {
  readonly #delays: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>
  #state: State = { name: 'closed', failures: 0 }
  /** First come, first served. */
  readonly #waiting = new Set<Waiter>()
  readonly #observers = new Set<OutageObserver>()
  #step: { timer: NodeJS.Timeout; begunAt: number; ms: number } | undefined
  #hasAnswered = false
  #isDisabled = false

  constructor(delays: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>) {
    this.#delays = delays
  }

  /** Whether the service has ever responded. */
  get hasAnswered(): boolean {
    return this.#hasAnswered
  }

  /** Milliseconds until the next probe; undefined if the service is not away. */
  get probeInMs(): number | undefined {
    return this.#state.name === 'open' ? Math.max(0, Math.round(this.#state.dueAt - performance.now())) : undefined
  }

  /** Resolves when `request` may be sent; returns undefined if it may be sent now. One of the reports below must follow. */
  enter(request: object, caller: Caller): Promise<Turn> | undefined {
    if (this.#isDisabled || this.#state.name === 'closed') return undefined
    if (this.#waiting.size === 0) {
      if (this.#state.name === 'half-open') return undefined
      if (this.#state.probe === undefined && this.#state.dueAt <= performance.now()) {
        this.#state.probe = request
        return undefined
      }
    }
    this.#notify(caller)
    return this.#wait(request, caller)
  }

  /** Reports a response to the request. */
  answered(): void {
    this.#hasAnswered = true
    if (this.#state.name === 'closed') this.#state.failures = 0
    else this.#easeIn()
  }

  /** Reports a failure that other requests may share. */
  failed(request: object, failure: ServiceFailure): void {
    const state = this.#state
    // Requests that were in flight when the service went away provide no new information.
    if (state.name === 'open' && state.probe !== request) return
    const failures = state.name === 'half-open' ? FAILURES_TO_OPEN : state.failures + 1
    if (state.name === 'closed' && failures < FAILURES_TO_OPEN) {
      this.#state = { name: 'closed', failures }
      return
    }
    const now = performance.now()
    const dueAt = now + Math.max(backoffMs(failures, this.#delays), failure.retryAfterMs ?? 0)
    const since = state.name === 'open' ? state.since : now
    this.#state = { name: 'open', failures, since, last: failure, dueAt, probe: undefined }
    this.#schedule()
  }

  /** Reports the end of the request. If it was the probe and ended without a report, another call becomes the probe. */
  released(request: object): void {
    // Together with the one that a response admits, two calls follow each response.
    if (this.#state.name === 'half-open') this.#easeIn()
    if (this.#state.name !== 'open' || this.#state.probe !== request) return
    this.#state.probe = undefined
    this.#schedule()
  }

  /** Reports sent bytes of the request. If there are many, the connection works again. */
  moved(request: object, bytes: number): void {
    const state = this.#state
    if (state.name !== 'open' || state.probe !== request) return
    if (state.last.kind === 'line' && bytes > BYTES_THAT_MOVE) this.#easeIn()
  }

  /** Reports that a call of this observer has failed. The observer is not called again unless another call waits. */
  leave(observer: OutageObserver | undefined): void {
    if (observer === undefined || [...this.#waiting].some((waiter) => waiter.observer === observer)) return
    this.#observers.delete(observer)
  }

  /** Ends all waiting, now and later. */
  disable(): void {
    this.#isDisabled = true
    for (const waiter of this.#waiting) waiter.end('ended')
  }

  /** Lets one more waiting call send. */
  #easeIn(): void {
    if (this.#state.name === 'open') this.#tellBack(performance.now() - this.#state.since)
    this.#state = { name: 'half-open' }
    const [next] = this.#waiting
    next?.end('send')
    if (this.#waiting.size === 0) this.#state = { name: 'closed', failures: 0 }
  }

  async #wait(request: object, { patienceMs, signals, observer }: Caller): Promise<Turn> {
    const given = signals.filter((signal) => signal !== undefined)
    // Before it is added to the queue: the elapsed time must not count for it.
    this.#endStep()
    return new Promise((resolve) => {
      const onAbort = (): void => waiter.end('ended')
      const waiter: Waiter = {
        request,
        observer,
        leftMs: patienceMs,
        end: (outcome) => {
          this.#waiting.delete(waiter)
          for (const signal of given) signal.removeEventListener('abort', onAbort)
          resolve({ outcome, waitedMs: patienceMs - waiter.leftMs })
          this.#schedule()
        },
      }
      this.#waiting.add(waiter)
      for (const signal of given) signal.addEventListener('abort', onAbort)
      if (given.some(({ aborted }) => aborted)) onAbort()
      else this.#schedule()
    })
  }

  /** Counts the elapsed time of the current step as waiting, at most the length of the step. */
  #endStep(): void {
    if (this.#step === undefined) return
    const { timer, begunAt, ms } = this.#step
    clearTimeout(timer)
    this.#step = undefined
    const passedMs = Math.min(ms, performance.now() - begunAt)
    for (const waiter of this.#waiting) waiter.leftMs -= passedMs
  }

  /** Starts a step: until the next probe, the end of a call's retry time, or a second. */
  #schedule(): void {
    this.#endStep()
    if (this.#waiting.size === 0) return
    const patienceMs = Math.min(...[...this.#waiting].map(({ leftMs }) => leftMs))
    const isProbeOut = this.#state.name === 'open' && this.#state.probe !== undefined
    const probeInMs = isProbeOut ? STEP_MS : (this.probeInMs ?? STEP_MS)
    const ms = Math.max(0, Math.ceil(Math.min(STEP_MS, patienceMs, probeInMs)))
    this.#step = { timer: setTimeout(() => this.#onStep(), ms), begunAt: performance.now(), ms }
  }

  #onStep(): void {
    this.#endStep()
    // Timers may come early by less than a millisecond.
    for (const waiter of this.#waiting) if (waiter.leftMs < 1) waiter.end('late')
    const [next] = this.#waiting
    if (next !== undefined && this.#state.name === 'open' && this.#state.probe === undefined && this.probeInMs === 0) {
      this.#state.probe = next.request
      next.end('send')
    }
    this.#schedule()
  }

  #notify({ observer, patienceMs }: Caller): void {
    if (this.#state.name !== 'open' || observer === undefined || this.#observers.has(observer)) return
    this.#observers.add(observer)
    observer.away({ reason: this.#state.last.reason, until: new Date(Date.now() + patienceMs) })
  }

  #tellBack(awayMs: number): void {
    const observers = [...this.#observers]
    this.#observers.clear()
    for (const observer of observers) observer.back({ awayMs: Math.round(awayMs) })
  }
}
