import { ECMA_182, type Polynomial } from './polynomial.js'

/**
 * Returns the CRC-64/XZ of two concatenated messages: `a` is the CRC of the first, `b` that of the second, which has
 * `lengthOfB` bytes.
 *
 * @throws {RangeError} when the length is not a whole number, is negative, or is a number too large to be exact.
 */
export function combineCrc64(a: bigint, b: bigint, lengthOfB: number | bigint): bigint {
  return combineCrc(ECMA_182, a, b, lengthOfB)
}

/**
 * The same for any CRC whose initial value and final inversion are all ones: they cancel out, which leaves
 * a · x^(8 · lengthOfB) + b.
 */
export function combineCrc(polynomial: Polynomial, a: bigint, b: bigint, lengthOfB: number | bigint): bigint {
  if (lengthOfB < 0 || (typeof lengthOfB === 'number' && !Number.isSafeInteger(lengthOfB))) {
    throw new RangeError(`lengthOfB must be a whole number of bytes, not ${String(lengthOfB)}`)
  }
  return polynomial.shiftByBytes(a, BigInt(lengthOfB)) ^ b
}
