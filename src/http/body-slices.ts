import { KiB } from '../shared/byte-size.js'

/** What a sender learns while its body leaves. */
export interface BodyWatcher {
  /** So many bytes have left this process since the last call, 0 at first; the connection is ready for more. */
  onMoved(bytes: number): void
  /** The last byte has left. */
  onAllMoved(): void
}

const SMALLEST = 16 * KiB
const AIM_MS = 250

/**
 * A socket takes fewer than these without saying when they have left, on every version of Node.js: up to here there is
 * nothing to watch.
 */
export const TAKEN_UNSEEN: number = 64 * KiB

/** Bytes of a view while the speed of the connection is unknown: a slow one soon shows that it moves, and nothing is copied. */
export const CAREFUL_VIEW: number = TAKEN_UNSEEN + KiB

/**
 * The bytes as they can be given to a socket: a copy of those that may still wait in it when the request is answered,
 * by when their memory may be another part's. That costs 2 µs at most.
 */
export function sendable(bytes: Uint8Array): Uint8Array {
  return bytes.length <= TAKEN_UNSEEN ? Buffer.from(bytes) : bytes
}

/**
 * The body cut into views, each asked for when the one before has gone to the operating system. That is how progress,
 * and a connection on which nothing moves, become visible whatever dispatcher carries the request. The
 * views follow the speed of the connection, about four a second: large ones cost nothing, small ones let a slow
 * connection show that it moves. The whole body costs a handful of views on a fast network. The first one is as large as
 * `largestView` allows, which knows how fast the connections before were.
 */
export function* bodySlices(
  segments: readonly Uint8Array[],
  watcher: BodyWatcher,
  largestView: number,
  now: () => number,
): Generator<Uint8Array, void, undefined> {
  watcher.onMoved(0)
  const largest = Math.max(SMALLEST, largestView)
  let size = largest
  for (const segment of segments) {
    for (let start = 0; start < segment.length;) {
      const slice = segment.subarray(start, start + size)
      const begun = now()
      yield sendable(slice)
      start += slice.length
      watcher.onMoved(slice.length)
      const tookMs = Math.max(now() - begun, 1)
      const ideal = Math.round((slice.length / tookMs) * AIM_MS)
      size = Math.min(largest, Math.max(SMALLEST, Math.min(ideal, size * 2)))
    }
  }
  watcher.onAllMoved()
}
