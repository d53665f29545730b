import { KiB } from '../../shared/byte-size.js'

/** Observes the sending of a body. */
export interface BodyWatcher {
  /** Called when the connection is ready for more, with the bytes that left this process since the last call (0 at first). */
  onMoved(bytes: number): void
  /** Called when the last byte has left this process. */
  onAllMoved(): void
}

const SMALLEST = 16 * KiB
const AIM_MS = 250

/**
 * A socket accepts fewer bytes than these without reporting when they have left, on every version of Node.js: shorter
 * bodies cannot be watched.
 */
export const TAKEN_UNSEEN: number = 64 * KiB

/** Size of a view while the speed of the connection is unknown: a slow one soon shows movement, and nothing is copied. */
export const CAREFUL_VIEW: number = TAKEN_UNSEEN + KiB

/**
 * Returns the bytes in a form that a socket may keep: small views are copied, because they may still wait in the socket
 * after the response, when their memory may hold another part. The copy takes at most 2 µs.
 */
export function sendable(bytes: Uint8Array): Uint8Array {
  return bytes.length <= TAKEN_UNSEEN ? Buffer.from(bytes) : bytes
}

/**
 * Yields the body in views. Each is requested when the previous one has gone to the operating system, which makes
 * progress and stalled connections visible with any dispatcher. View sizes follow the speed of the connection, about four
 * a second: large views cost nothing, small ones let a slow connection show movement. A fast network needs a handful of
 * views for a part. The first view is as large as `largestView`, which follows the speed of earlier connections.
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
