/**
 * Derives the constants of ring-engine.ts and rings.wat instead of trusting them. A polynomial over GF(2) is a bigint
 * here, bit n being the coefficient of x^n.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readRingsSource } from './build-rings.js'
import { noise } from './messages.js'

const P = (1n << 64n) | 0x42f0e1eba9ea3693n
const P1 = 0xb1849156399bn
const F17 = 0x25f39n
const A = 0xe108afbbbf32bce5n
const X = 2n
const Y = 1n << 8n

function degree(a: bigint): number {
  return a.toString(2).length - 1
}

function divide(a: bigint, b: bigint): { quotient: bigint; remainder: bigint } {
  let quotient = 0n
  let remainder = a
  for (let shift = degree(a) - degree(b); shift >= 0; shift = degree(remainder) - degree(b)) {
    quotient ^= 1n << BigInt(shift)
    remainder ^= b << BigInt(shift)
    if (remainder === 0n) break
  }
  return { quotient, remainder }
}

function multiply(a: bigint, b: bigint): bigint {
  let product = 0n
  for (let bit = 0n; a >> bit > 0n; bit++) if ((a >> bit) & 1n) product ^= b << bit
  return product
}

function power(base: bigint, exponent: number, modulus: bigint): bigint {
  let result = 1n
  for (const bit of exponent.toString(2)) {
    result = divide(multiply(result, result), modulus).remainder
    if (bit === '1') result = divide(multiply(result, base), modulus).remainder
  }
  return result
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, divide(a, b).remainder)
}

/** The inverse of `a` modulo `modulus`, by Euclid's algorithm. */
function inverse(a: bigint, modulus: bigint): bigint {
  let [r0, r1, t0, t1] = [modulus, a, 0n, 1n]
  while (r1 !== 1n) {
    const { quotient, remainder } = divide(r0, r1)
    ;[r0, r1, t0, t1] = [r1, remainder, t1, t0 ^ multiply(quotient, t1)]
  }
  return t1
}

/** Whether all irreducible factors of `a` are different and of degree `n`; `divisors` are those of `n` without `n`. */
function hasOnlyFactorsOfDegree(n: number, divisors: number[], a: bigint): boolean {
  // x^(2^k) - x is the product of all irreducible polynomials whose degree divides k.
  const residue = (k: number): bigint => power(X, 2 ** k, a) ^ X
  return residue(n) === 0n && divisors.every((divisor) => greatestCommonDivisor(a, residue(divisor)) === 1n)
}

function residueOf(message: Uint8Array, modulus: bigint): bigint {
  return message.reduce((residue, byte) => divide((residue << 8n) | BigInt(byte), modulus).remainder, 0n)
}

function reflect(value: bigint): bigint {
  return BigInt(`0b${Array.from(value.toString(2).padStart(64, '0')).reverse().join('')}`)
}

describe('the factors of P', () => {
  test('are P1 and the irreducible F17', () => {
    assert.equal(multiply(P1, F17), P)
    assert.equal(degree(F17), 17)
    assert.ok(hasOnlyFactorsOfDegree(17, [1], F17))
    assert.equal(greatestCommonDivisor(P1, F17), 1n)
  })

  test('of P1 are (x + 1)^2 and three of degree 15', () => {
    const { quotient, remainder } = divide(P1, multiply(3n, 3n))
    assert.equal(remainder, 0n)
    assert.equal(degree(quotient), 3 * 15)
    assert.ok(hasOnlyFactorsOfDegree(15, [1, 3, 5], quotient))
  })
})

describe('the sparse divisors', () => {
  test('y^32767 = 1 modulo P1, and no smaller power of y is', () => {
    assert.equal(7 * 31 * 151, 32767)
    assert.equal(power(Y, 32767, P1), 1n)
    for (const prime of [7, 31, 151]) assert.notEqual(power(Y, 32767 / prime, P1), 1n)
  })

  test('y^857 + y^183 + 1 is 0 modulo F17, and no shorter trinomial is', () => {
    const exponents = new Map<bigint, number>()
    let trinomial: number[] | undefined
    for (let n = 1, xn = X; trinomial === undefined; n++, xn = divide(xn << 1n, F17).remainder) {
      const k = exponents.get(xn ^ 1n)
      if (k !== undefined) trinomial = [n, k]
      exponents.set(xn, n)
    }
    assert.deepEqual(trinomial, [857, 183])
    assert.equal(power(Y, 857, F17) ^ power(Y, 183, F17) ^ 1n, 0n)
  })

  test('A is 1 modulo P1 and 0 modulo F17', () => {
    assert.equal(multiply(F17, inverse(divide(F17, P1).remainder, P1)), A)
    assert.equal(divide(A, P1).remainder, 1n)
    assert.equal(divide(A, F17).remainder, 0n)
  })

  test('are the ones that rings.wat has', async () => {
    const source = await readRingsSource()
    const numbers = [32767, 857, 0x10000].map((value) => `i32.const ${value})`)
    const values = [reflect(A), reflect(P & (2n ** 64n - 1n))].map((value) => `i64.const 0x${value.toString(16)})`)
    for (const literal of [...numbers, ...values, 'offset=857 ', 'offset=183 '])
      assert.ok(source.includes(literal), literal)
  })
})

test('ring and window, recombined, are the message modulo P', () => {
  const message = noise.subarray(0, 40_000)

  const ring = new Uint8Array(32767)
  for (const [i, byte] of message.entries()) ring[i % ring.length]! ^= byte
  const oldest = message.length % ring.length
  const R1 = residueOf(Buffer.concat([ring.subarray(oldest), ring.subarray(0, oldest)]), P)
  assert.equal(divide(R1, P1).remainder, residueOf(message, P1))

  const q = new Uint8Array(message.length)
  for (const [i, byte] of message.entries()) q[i] = byte ^ (q[i - 674] ?? 0) ^ (q[i - 857] ?? 0)
  const last = q.slice(-857)
  const R2 = residueOf(
    last.map((byte, j) => (j < 674 ? byte : byte ^ last[j - 674]!)),
    P,
  )
  assert.equal(divide(R2, F17).remainder, residueOf(message, F17))

  assert.equal(R2 ^ divide(multiply(A, R1 ^ R2), P).remainder, residueOf(message, P))
})
