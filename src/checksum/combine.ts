import { shiftByBytes } from './polynomial.js'

/**
 * The CRC-64 of a message from those of its two halves: `a` of the first, `b` of the second, which is `lengthOfB`
 * bytes long. Start value and final inversion of CRC-64/XZ are both all ones, so they cancel and what is left is
 * a · x^(8 · lengthOfB) + b.
 *
 * @throws {RangeError} when the length is not a whole number, is negative, or is a number too large to be exact.
 */
export function combineCrc64(a: bigint, b: bigint, lengthOfB: number | bigint): bigint {
  if (lengthOfB < 0 || (typeof lengthOfB === 'number' && !Number.isSafeInteger(lengthOfB))) {
    throw new RangeError(`lengthOfB must be a whole number of bytes, not ${String(lengthOfB)}`)
  }
  return shiftByBytes(a, BigInt(lengthOfB)) ^ b
}
