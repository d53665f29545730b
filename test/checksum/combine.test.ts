import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { combineCrc64 } from '../../src/checksum/combine.js'
import { crc64Vectors } from '../support/vectors.js'
import { expectedCrc64, noise } from './messages.js'

const uint64 = fc.bigInt(0n, 2n ** 64n - 1n)
const length = fc.bigInt(0n, 2n ** 70n)

test('combined CRCs have the values of the vectors, beyond 2^32 bytes too', () => {
  for (const { crcA, crcB, lenB, combined } of crc64Vectors.combine) {
    assert.equal(combineCrc64(BigInt(crcA), BigInt(crcB), lenB), BigInt(combined))
    assert.equal(combineCrc64(BigInt(crcA), BigInt(crcB), BigInt(lenB)), BigInt(combined))
  }
})

test('the CRC of a message is that of its two halves combined', () => {
  fc.assert(
    fc.property(fc.nat(50_000), fc.nat(50_000), (a, b) => {
      const combined = combineCrc64(expectedCrc64(noise.subarray(0, a)), expectedCrc64(noise.subarray(a, a + b)), b)
      assert.equal(combined, expectedCrc64(noise.subarray(0, a + b)))
    }),
  )
})

test('combining is associative at any length', () => {
  fc.assert(
    fc.property(uint64, uint64, uint64, length, length, (a, b, c, lengthOfB, lengthOfC) => {
      assert.equal(
        combineCrc64(combineCrc64(a, b, lengthOfB), c, lengthOfC),
        combineCrc64(a, combineCrc64(b, c, lengthOfC), lengthOfB + lengthOfC),
      )
    }),
  )
})

test('nothing appended changes nothing', () => {
  fc.assert(fc.property(uint64, (a) => assert.equal(combineCrc64(a, 0n, 0), a)))
})

test('a length that is not a whole number of bytes is refused', () => {
  for (const wrong of [-1, -1n, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => combineCrc64(1n, 2n, wrong), RangeError)
  }
})
