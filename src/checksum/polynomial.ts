/**
 * Arithmetic modulo P = x^64 + 0x42f0e1eba9ea3693 over GF(2), the polynomial of ECMA-182.
 *
 * A polynomial of degree below 64 is a 64-bit value in the order CRC-64/XZ uses, where a byte's lowest bit comes first:
 * bit 63 is the coefficient of x^0 and bit 0 that of x^63. In that order P without its x^64 is 0xc96c5795d7870f42.
 *
 * The loops work on 32-bit halves, because every operation on a BigInt allocates another one.
 */

/** The upper half of P, reflected, without x^64. */
export const POLYNOMIAL_HIGH = 0xc96c5795
/** The lower half of P, reflected, without x^64. */
export const POLYNOMIAL_LOW = 0xd7870f42

/** The polynomial x^8: one byte further. */
const ONE_BYTE = 1n << 55n

const halves = new DataView(new ArrayBuffer(16))

/** The product of `a` and `b` modulo P. */
function multiply(a: bigint, b: bigint): bigint {
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
    low = ((low >>> 1) | (high << 31)) ^ (POLYNOMIAL_LOW & overflow)
    high = (high >>> 1) ^ (POLYNOMIAL_HIGH & overflow)
  }
  halves.setInt32(0, productHigh)
  halves.setInt32(4, productLow)
  return halves.getBigUint64(0)
}

/** Element k is x^(8 · 2^k): 2^k bytes further. Grows when a longer length is asked for. */
const doublings: bigint[] = [ONE_BYTE]

function doubling(k: number): bigint {
  for (let last = doublings.length - 1; last < k; last++) {
    const power = doublings[last] ?? 0n
    doublings.push(multiply(power, power))
  }
  return doublings[k] ?? 0n
}

/** `value` · x^(8 · count) modulo P: what becomes of a remainder when `count` zero bytes follow. */
export function shiftByBytes(value: bigint, count: bigint): bigint {
  let shifted = value
  for (let k = 0, rest = count; rest > 0n; k++, rest >>= 1n) {
    if ((rest & 1n) === 1n) shifted = multiply(shifted, doubling(k))
  }
  return shifted
}
