import type { BandwidthLimiter } from './bandwidth-limiter.js'
import { type BodyWatcher, sendable } from './body-slices.js'

export interface PacedBodyWatcher extends BodyWatcher {
  /** The body is held back on purpose, until the next `onMoved`. */
  onHeld(): void
}

/** The body cut into views, each given when the limiter lets it pass; ends with the signal's reason. */
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
