/** How often and how long a request is tried. */
export interface RetryOptions {
  /**
   * Requests sent for one call, the first included. Default 8 for failures that waiting does not solve, such as an invalid
   * response. If the service cannot be reached, or fails, only time decides. When set, it bounds both.
   */
  maxAttempts: number
  /**
   * Upper bound of the first delay, which doubles each time. Each delay is random, at least half of its bound. Default
   * 200 ms.
   */
  baseDelayMs: number
  /** Longest delay, unless the service requests a longer one with `Retry-After`. Default 20,000 ms. */
  maxDelayMs: number
  /**
   * How long a call is tried without any progress once its upload has been initiated: waiting, and attempts in which
   * nothing moves. Default 900,000 ms.
   */
  totalMs: number
  /**
   * The same before an upload has been initiated, and for calls of no upload; never more than `totalMs`. Default 30,000
   * ms.
   */
  startMs: number
}

/** Options that are absent or undefined have their defaults. */
export type GivenRetryOptions = { [Name in keyof RetryOptions]?: RetryOptions[Name] | undefined }

/** The retry policy of a store. */
export interface RetryPolicy extends RetryOptions {
  /** Requests sent for one call while the service cannot be reached, or fails. */
  maxOutageAttempts: number
}

export const DEFAULT_RETRY: RetryOptions = {
  maxAttempts: 8,
  baseDelayMs: 200,
  maxDelayMs: 20_000,
  totalMs: 900_000,
  startMs: 30_000,
}

/** Completes the options with their defaults. A number of attempts that the caller chose holds during outages as well. */
export function retryPolicy(options: GivenRetryOptions): RetryPolicy {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  return { ...DEFAULT_RETRY, ...given, maxOutageAttempts: options.maxAttempts ?? Infinity }
}

/**
 * Returns the milliseconds to wait after the `attempt`th failure, from 1: exponential back-off, random in the upper half
 * of `min(maxDelayMs, baseDelayMs × 2^(attempt - 1))`, so that clients that failed together do not retry together.
 */
export function backoffMs(
  attempt: number,
  retry: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>,
  random: () => number = Math.random,
): number {
  const bound = Math.min(retry.maxDelayMs, retry.baseDelayMs * 2 ** Math.min(attempt - 1, 30))
  return Math.ceil(bound * (0.5 + 0.5 * random()))
}
