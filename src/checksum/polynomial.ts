/**
 * Arithmetic modulo a polynomial P = x^64 + … over GF(2).
 *
 * A polynomial of degree below 64 is a 64-bit value in the order of the reflected CRCs, where a byte's lowest bit comes
 * first: bit 63 is the coefficient of x^0 and bit 0 that of x^63. P is written the same way, without its x^64.
 *
 * The loops work on 32-bit halves, because every operation on a BigInt allocates another one.
 */

/** The polynomial x^8: one byte further. */
const ONE_BYTE = 1n << 55n

const halves = new DataView(new ArrayBuffer(16))

export class Polynomial {
  /** The upper half of P. */
  readonly high: number
  /** The lower half of P. */
  readonly low: number
  /** Element k is x^(8 · 2^k): 2^k bytes further. Grows when a longer length is asked for. */
  readonly #doublings: bigint[] = [ONE_BYTE]

  constructor(high: number, low: number) {
    this.high = high
    this.low = low
  }

  /** `value` · x^(8 · count) modulo P: what becomes of a remainder when `count` zero bytes follow. */
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

  /** The product of `a` and `b` modulo P. */
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

/** Of CRC-64/XZ: the polynomial x^64 + 0x42f0e1eba9ea3693 of ECMA-182. */
export const ECMA_182: Polynomial = new Polynomial(0xc96c5795, 0xd7870f42)

/** Of CRC-64/NVME, which S3 calls `CRC64NVME`: x^64 + 0xad93d23594c93659. */
export const NVME: Polynomial = new Polynomial(0x9a6c9329, 0xac4bc9b5)

/**
 * x^32 times that of CRC-32, x^32 + 0x04c11db7. A remainder r modulo the one stands for r · x^32 modulo the other,
 * which is the same 32 bits in the lower half, so that one arithmetic does for both widths.
 */
export const CRC_32: Polynomial = new Polynomial(0, 0xedb88320)
