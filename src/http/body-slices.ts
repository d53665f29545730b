import { KiB, MiB } from '../shared/byte-size.js'

/** What a sender learns while its body leaves. */
export interface BodyWatcher {
  /** So many bytes have left this process since the last call, 0 at first; the connection is ready for more. */
  onMoved(bytes: number): void
  /** The last byte has left. */
  onAllMoved(): void
}

const SMALLEST = 16 * KiB
const LARGEST = 2 * MiB
const AIM_MS = 250

/**
 * The body cut into views, each asked for when the one before has gone to the operating system. That is how progress,
 * and a connection on which nothing moves, become visible whatever dispatcher carries the request. The views follow
 * the speed of the connection, about four a second: large ones cost nothing, small ones let a slow connection show
 * that it moves. The whole body costs a handful of views on a fast network.
 */
export function* bodySlices(
  body: Uint8Array,
  watcher: BodyWatcher,
  now: () => number,
): Generator<Uint8Array, void, undefined> {
  watcher.onMoved(0)
  let size = 256 * KiB
  for (let start = 0; start < body.length;) {
    const slice = body.subarray(start, start + size)
    const begun = now()
    yield slice
    start += slice.length
    watcher.onMoved(slice.length)
    const tookMs = Math.max(now() - begun, 1)
    const ideal = (slice.length / tookMs) * AIM_MS
    size = Math.min(LARGEST, Math.max(SMALLEST, Math.min(ideal, size * 2)))
  }
  watcher.onAllMoved()
}
