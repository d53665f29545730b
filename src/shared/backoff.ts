/** How often and how long a request is tried. */
export interface RetryOptions {
  /** Requests sent for one call, the first included. Default 8. */
  maxAttempts: number
  /** The first delay is drawn between 0 and this; it doubles each time. Default 200 ms. */
  baseDelayMs: number
  /** No delay is longer, unless the service asks for it with Retry-After. Default 20,000 ms. */
  maxDelayMs: number
  /** No further attempt is begun this long after the first. Default 600,000 ms. */
  totalMs: number
}

export const DEFAULT_RETRY: RetryOptions = { maxAttempts: 8, baseDelayMs: 200, maxDelayMs: 20_000, totalMs: 600_000 }

/**
 * Exponential back-off with full jitter: any time between 0 and `min(maxDelayMs, baseDelayMs × 2^(attempt - 1))`.
 * `attempt` is the one that failed, from 1. When throttled the jitter covers the upper half only: all clients that
 * were refused at the same moment must not come back at once.
 */
export function backoffMs(
  attempt: number,
  retry: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>,
  throttled: boolean,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(throttled ? ceiling * (0.5 + 0.5 * random()) : ceiling * random())
}
