/**
 * What the calls of a store know together of the service: whether they may send, or the service is away and one probe at
 * a time finds out when it is back. Waiting is counted in steps of a second at most, so that a process that was stopped
 * has not waited.
 */
import { backoffMs, type RetryOptions } from '../../shared/backoff.js'
import { KiB } from '../../shared/byte-size.js'
import type { OutageObserver } from '../store-driver.js'
import type { Outage } from './attempt-failure.js'

/** Failures in a row, of all calls together, after which the service counts as away. */
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

/** A failure of the service or the line to it. */
export interface ServiceFailure {
  kind: Outage
  reason: string
  /** Asked for by the service. */
  retryAfterMs?: number | undefined
}

/** A call that wants to send. */
export interface Caller {
  /** How long it may wait. */
  patienceMs: number
  signals: readonly (AbortSignal | undefined)[]
  observer?: OutageObserver | undefined
}

/** How waiting ended. */
export interface Turn {
  /** `send`: the request may be sent. `late`: the caller's patience is over. `ended`: by a signal, or by `close()`. */
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
  /** In the order they came. */
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

  /** Until the next probe; undefined if the service is not away. */
  get probeInMs(): number | undefined {
    return this.#state.name === 'open' ? Math.max(0, Math.round(this.#state.dueAt - performance.now())) : undefined
  }

  /** Resolves when `request` may be sent; returns undefined if that is now. One of the verdicts below must follow. */
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

  /** The request failed, and may not be the only one. */
  failed(request: object, failure: ServiceFailure): void {
    const state = this.#state
    // What was in flight when the service went away says nothing new.
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

  /** The request is over. Where none of the verdicts above came before, somebody else has to find out. */
  released(request: object): void {
    // With the one that a response admits, two follow after each response.
    if (this.#state.name === 'half-open') this.#easeIn()
    if (this.#state.name !== 'open' || this.#state.probe !== request) return
    this.#state.probe = undefined
    this.#schedule()
  }

  /** Reports sent bytes of the request: if there are many, the line is back. */
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

  /** Nothing waits any more, now or later. */
  disable(): void {
    this.#isDisabled = true
    for (const waiter of this.#waiting) waiter.end('ended')
  }

  /** Lets one more of those that wait send. */
  #easeIn(): void {
    if (this.#state.name === 'open') this.#tellBack(performance.now() - this.#state.since)
    this.#state = { name: 'half-open' }
    const [next] = this.#waiting
    next?.end('send')
    if (this.#waiting.size === 0) this.#state = { name: 'closed', failures: 0 }
  }

  async #wait(request: object, { patienceMs, signals, observer }: Caller): Promise<Turn> {
    const given = signals.filter((signal) => signal !== undefined)
    // Before it is one of those that wait: what has passed is not of its time.
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

  /** Counts what has passed of the step under way as waiting, never more than the step. */
  #endStep(): void {
    if (this.#step === undefined) return
    const { timer, begunAt, ms } = this.#step
    clearTimeout(timer)
    this.#step = undefined
    const passedMs = Math.min(ms, performance.now() - begunAt)
    for (const waiter of this.#waiting) waiter.leftMs -= passedMs
  }

  /** Begins a step: until the probe, the end of somebody's patience, or a second. */
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
