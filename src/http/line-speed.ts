import { KiB, MiB } from '../shared/byte-size.js'
import { CAREFUL_VIEW } from './body-slices.js'

const SMALLEST = 16 * KiB
/** From here on larger ones cost no less (measured on loopback): each is a round through Node's streams and a turn. */
const LARGEST = 2 * MiB

/** Bytes per millisecond, of one connection. Below this a system that holds much unseen may seem to stand still. */
const FAST = 50

/** How much longer a connection may seem to stand still that is slow, or not known. */
const ALLOWANCE = 4

/**
 * How fast connections carry bodies, learned from those that were answered. What a connection accepts tells nothing of
 * that: the operating system takes some hundred kilobytes before a byte has arrived, and asks for more when a third of them has.
 */
export class LineSpeed {
  #bytesPerMs: number | undefined

  /** A body was carried, and answered. */
  measured(bytes: number, ms: number): void {
    this.#bytesPerMs = bytes / Math.max(ms, 1)
  }

  /** A connection broke or stood still: what was known may be over. */
  forget(): void {
    this.#bytesPerMs = undefined
  }

  /** Bytes of the largest view of a body: a slow connection moves some of them within `stallMs`. */
  largestView(stallMs: number): number {
    if (this.#bytesPerMs === undefined) return CAREFUL_VIEW
    return Math.min(LARGEST, Math.max(SMALLEST, Math.floor((this.#bytesPerMs * stallMs) / 8)))
  }

  /** Returns the milliseconds after which a connection has failed that would, if it is fast, have after `ms`. */
  limit(ms: number): number {
    return this.#bytesPerMs === undefined || this.#bytesPerMs < FAST ? ms * ALLOWANCE : ms
  }
}
