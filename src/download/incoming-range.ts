import type { PartBuffer } from '../checksum/crc64.js'

/** Bytes from `start` to `end`, exclusive. */
export interface Span {
  start: number
  end: number
}

/** Beyond this share a range does not count as in flight: the next request is sent while its last bytes arrive. */
const NEARLY_THERE = 7 / 8

/** A range of the object that is received into memory. Invariant: its buffer has the bytes from `start` on, without gaps. */
export class IncomingRange {
  readonly start: number
  /** End of the range, exclusive. The first response may shorten it. */
  end: number
  readonly buffer: PartBuffer
  readonly controller: AbortController = new AbortController()
  /** Received bytes. The buffer may belong to another range once all of this one was taken. */
  received = 0
  /** Bytes that the reader has taken. */
  taken = 0
  /** Whether its memory is lent to a reader, which returns it. */
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

  /** Returns whether that was so before the last `bytes` arrived. */
  wasNearlyThere(bytes: number): boolean {
    return this.received - bytes >= (this.end - this.start) * NEARLY_THERE
  }

  isDropped(): boolean {
    return this.controller.signal.aborted
  }

  /** Appends received bytes. */
  take(chunk: Uint8Array): void {
    if (this.isDropped()) return
    if (chunk.length > this.end - this.start - this.received) throw new Error('the response exceeds the range')
    this.received += this.buffer.append(chunk, 0, chunk.length)
  }

  /** Returns a copy of up to `limit` bytes that the reader has not taken, as the memory is reused while the reader keeps them. */
  read(limit: number): Buffer {
    const length = Math.min(limit, this.received - this.taken)
    const copy = Buffer.allocUnsafeSlow(length)
    copyFrom(this.buffer.segments, this.taken, copy)
    this.taken += length
    return copy
  }

  /** Returns a view of up to `limit` bytes, at least one, that the reader has not taken. They do not count as taken. */
  view(limit: number): Uint8Array {
    let skip = this.taken
    for (const segment of this.buffer.segments) {
      if (skip < segment.length) return segment.subarray(skip, skip + limit)
      skip -= segment.length
    }
    throw new Error('all received bytes are taken. Please report this as a bug')
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
