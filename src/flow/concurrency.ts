import { checkInteger, invalidOption } from '../shared/check-option.js'
import { AdaptiveConcurrency } from './adaptive-concurrency.js'

/** How many requests may be in flight now, and the reports that decide it. */
export interface Concurrency {
  readonly limit: number
  completed(bytes: number, blockedMs: number): void
  refused(): void
  delayed(): void
}

export const DEFAULT_CONCURRENCY = 5

/** `'auto'` never tries more than this. */
const MOST = 32

/** What `'auto'` depends on. */
interface ConcurrencyContext {
  /** Bytes. */
  partSize: number
  /** Bytes, for all uploads and downloads of the store. */
  maxMemory: number
  /** Whether each request is delayed on purpose (traffic limit), which is no sign that the service is busy. */
  expectsDelays: boolean
}

/** `'auto'` uses at most half of `maxMemory`, less the part that is being filled, to leave memory for others. */
export function concurrencyOf(option: number | 'auto', context: ConcurrencyContext): Concurrency {
  const { partSize, maxMemory, expectsDelays } = context
  if (option !== 'auto') {
    const ignore = () => undefined
    return { limit: option, completed: ignore, refused: ignore, delayed: ignore }
  }
  const max = Math.max(1, Math.min(MOST, Math.floor(maxMemory / 2 / partSize) - 1))
  return new AdaptiveConcurrency({ min: 1, max, start: DEFAULT_CONCURRENCY, ignoresDelays: expectsDelays })
}

/** Returns the option. @throws {UploadError} unless it is an integer from 1 to 100 or `'auto'`. */
export function checkConcurrency(value: unknown): number | 'auto' {
  if (value === 'auto') return value
  if (typeof value === 'number') return checkInteger('concurrency', value, 1, 100)
  throw invalidOption('concurrency', value, "must be an integer from 1 to 100, or 'auto'")
}
