/**
 * Arithmetic modulo a polynomial P = x^64 + … over GF(2).
 *
 * A polynomial of degree below 64 is a 64-bit value in the bit order of reflected CRCs, where the lowest bit of a byte comes
 * first: bit 63 is the coefficient of x^0 and bit 0 that of x^63. P is written the same way, without its x^64.
 *
 * The loops work on 32-bit halves, because every operation on a BigInt allocates another one.
 */

/** The polynomial x^8: a shift by one byte. */
const ONE_BYTE = 1n << 55n

const halves = new DataView(new ArrayBuffer(16))

export class Polynomial {
  /** The upper half of P. */
  readonly high: number
  /** The lower half of P. */
  readonly low: number
  /** Element k is x^(8 · 2^k): a shift by 2^k bytes. Grows with the lengths that are requested. */
  readonly #doublings: bigint[] = [ONE_BYTE]

  constructor(high: number, low: number) {
    this.high = high
    this.low = low
  }

  /** Returns `value` · x^(8 · count) modulo P: the remainder after `count` more zero bytes. */
  shiftByBytes(value: bigint, count: bigint): bigint {
    let shifted = value
    for (let k = 0, rest = count; rest > 0n; k++, rest >>= 1n) {
      if ((rest & 1n) === 1n) shifted = this.#multiply(shifted, this.#doubling(k))
    }
    return shifted
  }

  #doubling(k: number): bigint {
    const doublings = this.#doublings
    for (let last = doublings.length - 1; last < k; last++) {
      const power = doublings[last] ?? 0n
      doublings.push(this.#multiply(power, power))
    }
    return doublings[k] ?? 0n
  }

  /** Returns the product of `a` and `b` modulo P. */
  #multiply(a: bigint, b: bigint): bigint {
    halves.setBigUint64(0, a)
    halves.setBigUint64(8, b)
    let high = halves.getInt32(8)
    let low = halves.getInt32(12)
    let productHigh = 0
    let productLow = 0
    for (let bit = 0; bit < 64; bit++) {
      // All ones where `a` has the coefficient of x^bit; meanwhile `b` has become b · x^bit.
      const taken = (halves.getInt32((bit >>> 5) << 2) << (bit & 31)) >> 31
      productHigh ^= high & taken
      productLow ^= low & taken
      const overflow = -(low & 1)
      low = ((low >>> 1) | (high << 31)) ^ (this.low & overflow)
      high = (high >>> 1) ^ (this.high & overflow)
    }
    halves.setInt32(0, productHigh)
    halves.setInt32(4, productLow)
    return halves.getBigUint64(0)
  }
}

/** The polynomial of CRC-64/XZ: x^64 + 0x42f0e1eba9ea3693, of ECMA-182. */
export const ECMA_182: Polynomial = new Polynomial(0xc96c5795, 0xd7870f42)

/** The polynomial of CRC-64/NVME, which S3 calls `CRC64NVME`: x^64 + 0xad93d23594c93659. */
export const NVME: Polynomial = new Polynomial(0x9a6c9329, 0xac4bc9b5)

/**
 * The polynomial of CRC-32, x^32 + 0x04c11db7, times x^32. A remainder r modulo CRC-32's corresponds to r · x^32 modulo
 * this one, which is the same 32 bits in the lower half, so the same arithmetic serves both widths.
 */
export const CRC_32: Polynomial = new Polynomial(0, 0xedb88320)
