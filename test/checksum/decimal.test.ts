import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatCrc64, parseCrc64 } from '../../src/checksum/decimal.js'

test('every 64-bit value survives being written and read', () => {
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 64n - 1n), (value) => assert.equal(parseCrc64(formatCrc64(value)), value)))
  assert.equal(formatCrc64(2n ** 64n - 1n), '18446744073709551615')
  assert.equal(formatCrc64(0n), '0')
})

test('anything but the decimal of a 64-bit value is no CRC', () => {
  for (const wrong of [
    '',
    ' 1',
    '1\n',
    '-1',
    '+1',
    '0x1',
    '1e3',
    '1.0',
    '١',
    '18446744073709551616',
    '9'.repeat(500),
  ]) {
    assert.equal(parseCrc64(wrong), undefined, JSON.stringify(wrong))
  }
})
