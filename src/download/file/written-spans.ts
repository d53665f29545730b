import { combineCrc64 } from '../../checksum/combine.js'
import type { Span } from '../incoming-range.js'

/** A span of the object that is in the file. */
export interface WrittenSpan extends Span {
  crc64: bigint
}

/** The spans in the file, in order. Neighbors are merged up to a size, so that a record stays short. */
export class WrittenSpans {
  readonly #maxMerged: number
  #spans: WrittenSpan[] = []

  /** `maxMerged` is the largest merged span in bytes: what a single damaged byte costs. */
  constructor(maxMerged: number) {
    this.#maxMerged = maxMerged
  }

  get spans(): readonly WrittenSpan[] {
    return this.#spans
  }

  get bytes(): number {
    return this.#spans.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  /** The CRC-64 of all bytes. Must only be read if there are no gaps. */
  get crc64(): bigint {
    return this.#spans.reduce((crc64, span) => combineCrc64(crc64, span.crc64, span.end - span.start), 0n)
  }

  /** Adds a span, which must not overlap others. */
  add(span: WrittenSpan): void {
    const following = this.#spans.findIndex(({ start }) => start >= span.end)
    const index = following === -1 ? this.#spans.length : following
    this.#spans.splice(index, 0, span)
    this.#merge(index)
    this.#merge(index - 1)
  }

  /** Returns the missing spans of an object of `size` bytes. */
  gaps(size: number): Span[] {
    const gaps: Span[] = []
    let at = 0
    for (const { start, end } of [...this.#spans, { start: size, end: size }]) {
      if (start > at) gaps.push({ start: at, end: start })
      at = end
    }
    return gaps
  }

  /** Merges a span with the next one, if possible. */
  #merge(index: number): void {
    const first = this.#spans[index]
    const second = this.#spans[index + 1]
    if (first === undefined || second?.start !== first.end || second.end - first.start > this.#maxMerged) return
    const crc64 = combineCrc64(first.crc64, second.crc64, second.end - second.start)
    this.#spans.splice(index, 2, { start: first.start, end: second.end, crc64 })
  }
}
