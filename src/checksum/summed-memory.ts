import { Buffer } from 'node:buffer'
import type { Crc64 } from './crc64.js'

/**
 * Bytes taken into a CRC at a time: few enough that they are still in the processor's cache after the copy and that
 * nobody waits for them, enough that the cost of a call does not show.
 */
export const SLICE: number = 64 * 1024

/** Memory over whose bytes a running CRC-64 is taken, a range at a time. */
export interface SummedMemory {
  readonly bytes: Buffer
  /** Takes `bytes[start..end)` as the message's next bytes. */
  sum(start: number, end: number): void
  /** The CRC of everything taken since the start or the last `reset`; more bytes may follow. */
  digest(): bigint
  reset(): void
}

/** Ordinary memory, its CRC taken by any `Crc64`. */
export function ordinaryMemory(capacity: number, crc: Crc64): SummedMemory {
  const bytes = Buffer.allocUnsafeSlow(capacity)
  return {
    bytes,
    sum: (start, end) => crc.update(bytes.subarray(start, end)),
    digest: () => crc.digest(),
    reset: () => crc.reset(),
  }
}

/** Copies `source[start..end)` to `target[at..]`. Allocates nothing when that is the whole source, else a view. */
export function copyBytes(target: Buffer, at: number, source: Uint8Array, start: number, end: number): void {
  target.set(end - start === source.length ? source : source.subarray(start, end), at)
}
