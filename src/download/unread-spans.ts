import type { Span } from './incoming-range.js'

/** The spans of an object that are still to be requested, in order. The last one may have no end before the first response. */
export class UnreadSpans {
  readonly #spans: Span[]

  /** `spans` are in order, with gaps between them. */
  constructor(spans: readonly Span[]) {
    this.#spans = spans.map((span) => ({ ...span }))
  }

  get isEmpty(): boolean {
    return this.#spans.length === 0
  }

  get bytes(): number {
    return this.#spans.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  /** Removes and returns the first bytes, at most `size`. There must be some. */
  take(size: number): Span {
    const [span] = this.#spans
    if (span === undefined) throw new Error('there is nothing left to read. Please report this as a bug')
    const { start } = span
    const end = Math.min(span.end, start + size)
    span.start = end
    if (span.start >= span.end) this.#spans.shift()
    return { start, end }
  }

  /** Puts bytes back, before all others. */
  giveBack({ start, end }: Span): void {
    const [next] = this.#spans
    if (next?.start === end) next.start = start
    else this.#spans.unshift({ start, end })
  }

  /** Sets the end of the object. */
  endAt(end: number): void {
    for (const span of this.#spans) span.end = Math.min(span.end, end)
    while ((this.#spans.at(-1)?.start ?? 0) >= end && !this.isEmpty) this.#spans.pop()
  }
}
