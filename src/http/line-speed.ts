import { KiB, MiB } from '../shared/byte-size.js'
import { CAREFUL_VIEW } from './body/body-slices.js'

const SMALLEST = 16 * KiB
/**
 * Larger views are no cheaper (measured on loopback). Each view costs a pass through Node's streams and an event-loop
 * turn.
 */
const LARGEST = 2 * MiB

/** Bytes per millisecond of one connection. Below this, a system with large socket buffers may look stalled. */
const FAST = 50

/** Factor by which a slow or unknown connection may look stalled for longer. */
const ALLOWANCE = 4

/**
 * The speed of connections, measured by requests that got a response. What a socket accepts says nothing about it: the
 * operating system accepts some hundred kilobytes before a byte has arrived, and more when a third of them has.
 */
export class LineSpeed {
  #bytesPerMs: number | undefined

  /** Reports a body that was sent and got a response. */
  measured(bytes: number, ms: number): void {
    this.#bytesPerMs = bytes / Math.max(ms, 1)
  }

  /** Reports a broken or stalled connection: the measured speed may no longer hold. */
  forget(): void {
    this.#bytesPerMs = undefined
  }

  /** Returns the size of the largest view of a body: a slow connection moves several of them within `stallMs`. */
  largestView(stallMs: number): number {
    if (this.#bytesPerMs === undefined) return CAREFUL_VIEW
    return Math.min(LARGEST, Math.max(SMALLEST, Math.floor((this.#bytesPerMs * stallMs) / 8)))
  }

  /** Returns the milliseconds after which a connection counts as stalled, given the limit `ms` for a fast one. */
  limit(ms: number): number {
    return this.#bytesPerMs === undefined || this.#bytesPerMs < FAST ? ms * ALLOWANCE : ms
  }
}
