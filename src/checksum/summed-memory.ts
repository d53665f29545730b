import { Buffer } from 'node:buffer'
import type { Crc64 } from './crc64.js'

/**
 * Bytes added to a CRC at a time: few enough to be still in the processor cache after the copy and not to block the event
 * loop, many enough that the cost of a call does not matter.
 */
export const SLICE: number = 64 * 1024

/** Memory with a running CRC-64 of its bytes, updated a range at a time. */
export interface SummedMemory {
  readonly bytes: Buffer
  /** Adds `bytes[start..end)` to the message. */
  sum(start: number, end: number): void
  /** Returns the CRC of all bytes since the start or the last `reset`. More bytes may follow. */
  digest(): bigint
  reset(): void
}

/** Returns ordinary memory with a running CRC by any `Crc64`. */
export function ordinaryMemory(capacity: number, crc: Crc64): SummedMemory {
  const bytes = Buffer.allocUnsafeSlow(capacity)
  return {
    bytes,
    sum: (start, end) => crc.update(bytes.subarray(start, end)),
    digest: () => crc.digest(),
    reset: () => crc.reset(),
  }
}

/** Copies `source[start..end)` to `target[at..]`. Allocates a view, unless that is the whole source. */
export function copyBytes(target: Buffer, at: number, source: Uint8Array, start: number, end: number): void {
  target.set(end - start === source.length ? source : source.subarray(start, end), at)
}
