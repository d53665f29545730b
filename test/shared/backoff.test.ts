import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { backoffMs, retryPolicy } from '../../src/shared/backoff.js'

const RETRY = { baseDelayMs: 200, maxDelayMs: 20_000 }
const least = () => 0
const most = () => 1 - Number.EPSILON

describe('backoffMs', () => {
  it('doubles its bound with each attempt, up to the maximum', () => {
    const bounds = [1, 2, 3, 7, 8, 50, 2000].map((attempt) => backoffMs(attempt, RETRY, most))
    assert.deepEqual(bounds, [200, 400, 800, 12_800, 20_000, 20_000, 20_000])
  })

  it('is never less than half of its bound: an unlucky draw must not use up the attempts', () => {
    assert.deepEqual(
      [1, 2, 8].map((attempt) => backoffMs(attempt, RETRY, least)),
      [100, 200, 10_000],
    )
  })

  it('stays in its bounds for all options', () => {
    const option = fc.integer({ min: 0, max: 600_000 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        option,
        option,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, baseDelayMs, maxDelayMs, random) => {
          const delayMs = backoffMs(attempt, { baseDelayMs, maxDelayMs }, () => random)
          const bound = Math.min(maxDelayMs, baseDelayMs * 2 ** (attempt - 1))
          assert.ok(Number.isSafeInteger(delayMs) && delayMs >= bound / 2 && delayMs <= bound, String(delayMs))
        },
      ),
    )
  })
})

describe('retryPolicy', () => {
  it('lets time alone decide during outages, unless a number of attempts is chosen', () => {
    assert.equal(retryPolicy({}).maxAttempts, 8)
    assert.equal(retryPolicy({ maxAttempts: undefined }).maxOutageAttempts, Infinity)
    assert.equal(retryPolicy({ maxAttempts: 3 }).maxOutageAttempts, 3)
  })
})
