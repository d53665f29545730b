import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { countOf, formatCount } from '../../../src/cli/options/counts.js'

describe('a count', () => {
  it('has English thousands separators for any size', () => {
    const format = new Intl.NumberFormat('en-US')
    fc.assert(
      fc.property(fc.oneof(fc.nat(10_000), fc.maxSafeNat()), (count) => {
        assert.equal(formatCount(count), format.format(count))
      }),
    )
  })

  it('has the singular for one alone', () => {
    assert.deepEqual(
      [0, 1, 1234].map((count) => countOf(count, 'retry', 'retries')),
      ['0 retries', '1 retry', '1,234 retries'],
    )
    assert.equal(countOf(21, 'part'), '21 parts')
  })
})
