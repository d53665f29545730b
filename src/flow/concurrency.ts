import { checkInteger, invalidOption } from '../shared/check-option.js'
import { AdaptiveConcurrency } from './adaptive-concurrency.js'

/** How many parts may be in flight now, and what is told to find that out. */
export interface Concurrency {
  readonly limit: number
  completed(bytes: number, blockedMs: number): void
  refused(): void
  delayed(): void
}

export const DEFAULT_CONCURRENCY = 5

/** More in flight than this is not tried. */
const MOST = 32

/** What an upload needs to find its number. */
interface Circumstances {
  /** Bytes. */
  partSize: number
  /** Bytes, of all uploads of the store. */
  maxMemory: number
  /** Each request is delayed because that was asked for; more of them go faster all the same. */
  expectsDelays: boolean
}

/** `'auto'` tries what half of `maxMemory` has room for, beside the part that is being filled: others want some too. */
export function concurrencyOf(option: number | 'auto', circumstances: Circumstances): Concurrency {
  const { partSize, maxMemory, expectsDelays } = circumstances
  if (option !== 'auto') {
    const ignore = () => undefined
    return { limit: option, completed: ignore, refused: ignore, delayed: ignore }
  }
  const max = Math.max(1, Math.min(MOST, Math.floor(maxMemory / 2 / partSize) - 1))
  return new AdaptiveConcurrency({ min: 1, max, start: DEFAULT_CONCURRENCY, ignoresDelays: expectsDelays })
}

/** @throws {UploadError} unless it is a number of requests, or `'auto'`. */
export function checkConcurrency(value: unknown): number | 'auto' {
  if (value === 'auto') return value
  if (typeof value === 'number') return checkInteger('concurrency', value, 1, 100)
  throw invalidOption('concurrency', value, "must be an integer from 1 to 100, or 'auto'")
}
