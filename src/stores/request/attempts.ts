import { backoffMs, type RetryOptions } from '../../shared/backoff.js'
import type { AttemptFailure } from './attempt-failure.js'
import type { Effort } from './call-error.js'

/** The attempts at one call: how many there were, whether one may have taken effect, and when the next one follows. */
export class Attempts {
  readonly #limits: RetryOptions
  readonly #startedAt = performance.now()
  #count = 0
  #outcomeUnknown = false

  constructor(limits: RetryOptions) {
    this.#limits = limits
  }

  /** Attempts begun. */
  get count(): number {
    return this.#count
  }

  /** What was done so far, the given failure included. */
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

  /** Remembers how the attempt that was begun last ended. */
  record({ facts }: AttemptFailure): void {
    this.#outcomeUnknown ||= facts.outcomeUnknown
  }

  /** Returns the milliseconds until the next attempt; undefined where none is left. */
  delayAfter({ facts }: AttemptFailure): number | undefined {
    const { maxAttempts, totalMs } = this.#limits
    const throttled = facts.throttled === true
    // Never sooner than by our own rule: a service that asks for 0 would use up all attempts at once.
    const delayMs =
      facts.remedy === 'again' ? Math.max(facts.retryAfterMs ?? 0, backoffMs(this.#count, this.#limits, throttled)) : 0
    const isOver = this.#count >= maxAttempts || this.effort().elapsedMs + delayMs >= totalMs
    return isOver ? undefined : delayMs
  }
}
