import type { BandwidthLimiter } from '../bandwidth-limiter.js'
import { type BodyWatcher, sendable } from './body-slices.js'

export interface PacedBodyWatcher extends BodyWatcher {
  /** Called when the bandwidth limit holds the body back, until the next `onMoved`. */
  onHeld(): void
}

/** Yields the body in views, each when the limiter permits it. Throws the reason of the signal if that is aborted. */
export async function* pacedSlices(
  segments: readonly Uint8Array[],
  watcher: PacedBodyWatcher,
  limiter: BandwidthLimiter,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const segment of segments) {
    for (let start = 0; start < segment.length;) {
      const slice = segment.subarray(start, start + limiter.sliceSize)
      watcher.onHeld()
      await limiter.pass(slice.length, signal)
      watcher.onMoved(0)
      yield sendable(slice)
      start += slice.length
      watcher.onMoved(slice.length)
    }
  }
  watcher.onAllMoved()
}
