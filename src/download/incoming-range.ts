import type { PartBuffer } from '../checksum/crc64.js'

/** Bytes from `start` up to, not including, `end`. */
export interface Span {
  start: number
  end: number
}

/** From here on a range no longer counts as in flight: the next request is under way while the last of it comes. */
const NEARLY_THERE = 7 / 8

/** A range of the object, in memory as far as it has come. Invariant: its buffer holds the bytes from `start` on, without gaps. */
export class IncomingRange {
  readonly start: number
  /** Not known before the first response, which may shorten it. */
  end: number
  readonly buffer: PartBuffer
  readonly controller: AbortController = new AbortController()
  /** Bytes of it that have come; the buffer may be another range's once this one was taken whole. */
  received = 0
  /** Bytes of it that the reader has taken. */
  taken = 0
  /** Somebody else than its fetcher reads its memory, and gives it back. */
  isLent = false

  constructor({ start, end }: Span, buffer: PartBuffer) {
    this.start = start
    this.end = end
    this.buffer = buffer
  }

  isWhole(): boolean {
    return this.received === this.end - this.start
  }

  isNearlyThere(): boolean {
    return this.received >= (this.end - this.start) * NEARLY_THERE
  }

  /** Whether it was before the last `bytes` came. */
  wasNearlyThere(bytes: number): boolean {
    return this.received - bytes >= (this.end - this.start) * NEARLY_THERE
  }

  isDropped(): boolean {
    return this.controller.signal.aborted
  }

  take(chunk: Uint8Array): void {
    if (this.isDropped()) return
    if (chunk.length > this.end - this.start - this.received) throw new Error('the response exceeds the range')
    this.received += this.buffer.append(chunk, 0, chunk.length)
  }

  /** Copies up to `limit` bytes that the reader has not taken: the memory will hold other bytes while the reader keeps these. */
  read(limit: number): Buffer {
    const length = Math.min(limit, this.received - this.taken)
    const copy = Buffer.allocUnsafeSlow(length)
    copyFrom(this.buffer.segments, this.taken, copy)
    this.taken += length
    return copy
  }
}

function copyFrom(segments: readonly Uint8Array[], position: number, target: Buffer): void {
  let skip = position
  let done = 0
  for (const segment of segments) {
    const part = segment.subarray(skip, skip + target.length - done)
    target.set(part, done)
    done += part.length
    skip = Math.max(0, skip - segment.length)
  }
}
