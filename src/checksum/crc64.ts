/** A running CRC-64/XZ, the checksum that OSS and OBS call `crc64ecma`. */
export interface Crc64 {
  /** Adds the next bytes of the message. Keeps no reference to them. */
  update(bytes: Uint8Array): void
  /** Returns the CRC of all bytes since the start or the last `reset`. More bytes may follow. */
  digest(): bigint
  /** Starts again with the empty message. */
  reset(): void
}

/**
 * Memory for one part, and the CRC of its content: bytes are copied in once, and added to the CRC in the same pass.
 * Invariant: `digest()` is the CRC-64 of the bytes held.
 */
export interface PartBuffer {
  /** Size of the memory in bytes. */
  readonly capacity: number
  /** Bytes held. */
  readonly length: number
  /** Views of the bytes held, in order: one view for up to 1 GiB. Valid until the next `append` or `clear`. */
  readonly segments: readonly Uint8Array[]
  /** Copies as much of `source[start..end)` as fits. Returns the number of bytes copied. */
  append(source: Uint8Array, start: number, end: number): number
  /**
   * A view of the free memory after the bytes held, for a reader that reads into the part directly. Must be written from its
   * start. It may be shorter than all the free memory, but is empty only if the part is full.
   */
  readonly free: Uint8Array
  /** Adds the first `length` bytes of `free` to the part. */
  advance(length: number): void
  /** Returns the CRC-64 of the bytes held. */
  digest(): bigint
  /** Empties the part, without zeroing its memory. */
  clear(): void
}

/** An implementation of the CRC. All implementations return the same values. */
export interface Crc64Engine {
  readonly name: 'rings' | 'addon' | 'table'
  create(): Crc64
  /**
   * Creates a part buffer of up to 1 GiB. This takes up to half a millisecond for 8 MiB, and address space besides memory,
   * so buffers should be reused.
   */
  createPartBuffer(capacity: number): PartBuffer
}
