/** The current rate of a count: a mean of the last seconds, so that the number is readable and still current. */
const WINDOW_MS = 5_000

export class RateMeter {
  readonly #samples: { atMs: number; count: number }[] = []

  /** Adds a count at a time. Returns the increase per second. Times must not decrease. */
  take(atMs: number, count: number): number {
    this.#samples.push({ atMs, count })
    while (this.#samples.length > 2 && (this.#samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) this.#samples.shift()
    const oldest = this.#samples[0]
    if (oldest === undefined || oldest.atMs >= atMs) return 0
    return Math.max(((count - oldest.count) / (atMs - oldest.atMs)) * 1000, 0)
  }
}
