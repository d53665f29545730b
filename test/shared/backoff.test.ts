import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoffMs } from '../../src/shared/backoff.js'

const RETRY = { baseDelayMs: 200, maxDelayMs: 20_000 }
const least = () => 0
const most = () => 1 - Number.EPSILON

describe('backoffMs', () => {
  it('doubles its ceiling with each attempt, up to the maximum', () => {
    const ceilings = [1, 2, 3, 7, 8, 50, 2000].map((attempt) => backoffMs(attempt, RETRY, false, most))
    assert.deepEqual(ceilings, [200, 400, 800, 12_800, 20_000, 20_000, 20_000])
  })

  it('may be nothing, but not when throttled: then it is at least half', () => {
    assert.equal(backoffMs(3, RETRY, false, least), 0)
    assert.equal(backoffMs(3, RETRY, true, least), 400)
    assert.equal(backoffMs(3, RETRY, true, most), 800)
  })

  it('stays in its bounds for all options', () => {
    const option = fc.integer({ min: 0, max: 600_000 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        option,
        option,
        fc.boolean(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, baseDelayMs, maxDelayMs, throttled, random) => {
          const delayMs = backoffMs(attempt, { baseDelayMs, maxDelayMs }, throttled, () => random)
          assert.ok(Number.isSafeInteger(delayMs) && delayMs >= 0 && delayMs <= maxDelayMs, String(delayMs))
        },
      ),
    )
  })
})
