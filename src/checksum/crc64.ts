/** A running CRC-64/XZ, the checksum that OSS and OBS call `crc64ecma`. */
export interface Crc64 {
  /** Takes the next bytes of the message; keeps no reference to them. */
  update(bytes: Uint8Array): void
  /** The CRC of everything taken since the start or the last `reset`; more bytes may follow. */
  digest(): bigint
  /** Back to the empty message. */
  reset(): void
}

/**
 * Memory for one part and the CRC of what it holds: a byte is copied in once and taken into the CRC in the same pass.
 * Invariant: `digest()` is the CRC-64 of the bytes held.
 */
export interface PartBuffer {
  /** Bytes that fit. */
  readonly capacity: number
  /** Bytes held. */
  readonly length: number
  /** Views of the bytes held, in order, one of a part of up to 1 GiB; valid until the next `append` or `clear`. */
  readonly segments: readonly Uint8Array[]
  /** Copies as much of `source[start..end)` as fits; answers how many bytes that was. */
  append(source: Uint8Array, start: number, end: number): number
  /**
   * A view of the memory behind the bytes held, to be written from its front by whoever reads straight into the part.
   * It may end before the part does, and is empty only when that is full.
   */
  readonly free: Uint8Array
  /** Takes the first `length` bytes of `free` as the part's next bytes. */
  advance(length: number): void
  /** The CRC-64 of the bytes held. */
  digest(): bigint
  /** Forgets the bytes held, without zeroing them. */
  clear(): void
}

/** One way to compute the CRC; all of them give the same values. */
export interface Crc64Engine {
  readonly name: 'rings' | 'addon' | 'table'
  create(): Crc64
  /**
   * Of up to 1 GiB. Making one takes up to half a millisecond for 8 MiB, and addresses besides memory: to be used many
   * times.
   */
  createPartBuffer(capacity: number): PartBuffer
}
