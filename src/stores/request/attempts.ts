import { setTimeout as sleep } from 'node:timers/promises'
import { backoffMs, type RetryPolicy } from '../../shared/backoff.js'
import type { Attempt } from './attempt.js'
import type { AttemptFailure } from './attempt-failure.js'
import type { Effort } from './call-error.js'

/** Limit for a name that does not exist, or a server without TLS, if the service has never responded. */
const MISCONFIGURED_MS = 10_000

/**
 * The attempts at one call: their number, whether one may have taken effect, and when the next one follows. Waiting, and
 * attempts in which no byte moves, count against the retry time; an attempt in which bytes move does not.
 */
export class Attempts {
  readonly #policy: RetryPolicy
  /** The total retry time in milliseconds, by the last failure. */
  #limitMs: number
  readonly #patienceMs: number
  readonly #startedAt = performance.now()
  #count = 0
  #spentMs = 0
  #outcomeUnknown = false

  constructor(policy: RetryPolicy, patienceMs: number) {
    this.#policy = policy
    this.#patienceMs = patienceMs
    this.#limitMs = patienceMs
  }

  /** Number of started attempts. */
  get count(): number {
    return this.#count
  }

  /** Milliseconds of the retry time that are left. */
  get patienceMs(): number {
    return Math.max(0, this.#limitMs - this.#spentMs)
  }

  /** Returns what was done so far, including the given failure. */
  effort(failure?: AttemptFailure): Effort {
    return {
      attempts: this.#count,
      elapsedMs: Math.round(performance.now() - this.#startedAt),
      outcomeUnknown: this.#outcomeUnknown || failure?.facts.outcomeUnknown === true,
    }
  }

  begin(): void {
    this.#count += 1
  }

  /** Counts time spent waiting. */
  wait(ms: number): void {
    this.#spentMs += ms
  }

  /**
   * Waits until the next attempt, or until one of the signals is aborted. The time of a suspended process is not
   * counted.
   */
  async pause(delayMs: number, signals: AbortSignal[]): Promise<void> {
    this.wait(delayMs)
    if (delayMs > 0) await sleep(delayMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined)
  }

  /** Records the failure of the last attempt. */
  record({ idleMs }: Attempt, { facts }: AttemptFailure): void {
    this.#spentMs += idleMs
    this.#outcomeUnknown ||= facts.outcomeUnknown
  }

  /** Returns the milliseconds until the next attempt; undefined if none is left. */
  delayAfter({ facts }: AttemptFailure, hasAnswered: boolean): number | undefined {
    const { maxAttempts, maxOutageAttempts } = this.#policy
    if (this.#count >= (facts.outage === undefined ? maxAttempts : maxOutageAttempts)) return undefined
    const isMisconfigured = facts.isMisconfigured === true && !hasAnswered
    this.#limitMs = isMisconfigured ? Math.min(this.#patienceMs, MISCONFIGURED_MS) : this.#patienceMs
    const leftMs = this.#limitMs - this.#spentMs
    if (leftMs <= 0) return undefined
    if (facts.remedy !== 'again') return 0
    const { retryAfterMs = 0 } = facts
    // Never sooner than the backoff: a service that requests 0 would use up all attempts at once.
    const delayMs = Math.min(backoffMs(this.#count, this.#policy), leftMs)
    return retryAfterMs >= leftMs ? undefined : Math.max(retryAfterMs, delayMs)
  }
}
