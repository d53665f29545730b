/**
 * The CRC-64 by table, four bytes a step: the engine used if no faster one works. A value is a pair of 32-bit halves,
 * because every operation on a BigInt allocates another one.
 */
import type { Crc64, Crc64Engine } from '../crc64.js'
import { MemoryPart } from '../memory-part.js'
import { ECMA_182, type Polynomial } from '../polynomial.js'
import { ordinaryMemory } from '../summed-memory.js'

/**
 * Returns eight tables of 256 values, each value as its lower and upper half. Value n of table k is the remainder of byte n
 * followed by k zero bytes, so that one step processes k + 1 bytes with a look-up each. JavaScript, with its 32-bit
 * integers, uses four tables; rings.wat uses all eight.
 */
export function crc64TablesOf(polynomial: Polynomial): Int32Array {
  const values = new Int32Array(8 * 256 * 2)
  for (let n = 0; n < 256; n++) {
    let low = n
    let high = 0
    for (let bit = 0; bit < 8; bit++) {
      const overflow = -(low & 1)
      low = ((low >>> 1) | (high << 31)) ^ (polynomial.low & overflow)
      high = (high >>> 1) ^ (polynomial.high & overflow)
    }
    values[2 * n] = low
    values[2 * n + 1] = high
  }
  for (let at = 2 * 256; at < values.length; at += 2) {
    const low = values[at - 512] ?? 0
    const high = values[at - 511] ?? 0
    const byte = 2 * (low & 0xff)
    values[at] = ((low >>> 8) | (high << 24)) ^ (values[byte] ?? 0)
    values[at + 1] = (high >>> 8) ^ (values[byte + 1] ?? 0)
  }
  return values
}

export const crc64Tables: Int32Array = crc64TablesOf(ECMA_182)

/** A CRC-64 of any polynomial. Initial value and final inversion are all ones. */
export class TableCrc64 implements Crc64 {
  readonly #tables: Int32Array
  // The value before the final inversion, in halves.
  #low = -1
  #high = -1
  readonly #value = new DataView(new ArrayBuffer(8))

  constructor(tables: Int32Array = crc64Tables) {
    this.#tables = tables
  }

  update(bytes: Uint8Array): void {
    // Every index is within bounds, so no `?? 0` ever applies.
    const table = this.#tables
    let low = this.#low
    let high = this.#high
    let at = 0
    for (; at + 4 <= bytes.length; at += 4) {
      low ^=
        (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)
      const first = 3 * 512 + 2 * (low & 0xff)
      const second = 2 * 512 + 2 * ((low >>> 8) & 0xff)
      const third = 512 + 2 * ((low >>> 16) & 0xff)
      const fourth = 2 * (low >>> 24)
      low = high ^ (table[first] ?? 0) ^ (table[second] ?? 0) ^ (table[third] ?? 0) ^ (table[fourth] ?? 0)
      high = (table[first + 1] ?? 0) ^ (table[second + 1] ?? 0) ^ (table[third + 1] ?? 0) ^ (table[fourth + 1] ?? 0)
    }
    for (; at < bytes.length; at++) {
      const entry = 2 * ((low ^ (bytes[at] ?? 0)) & 0xff)
      low = ((low >>> 8) | (high << 24)) ^ (table[entry] ?? 0)
      high = (high >>> 8) ^ (table[entry + 1] ?? 0)
    }
    this.#low = low
    this.#high = high
  }

  digest(): bigint {
    this.#value.setInt32(0, ~this.#high)
    this.#value.setInt32(4, ~this.#low)
    return this.#value.getBigUint64(0)
  }

  reset(): void {
    this.#low = -1
    this.#high = -1
  }
}

export const tableEngine: Crc64Engine = {
  name: 'table',
  create: () => new TableCrc64(),
  createPartBuffer: (capacity) => new MemoryPart(ordinaryMemory(capacity, new TableCrc64())),
}
