import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { GiB, KiB, MiB } from '../../../src/shared/byte-size.js'
import type { StoreLimits } from '../../../src/stores/store-driver.js'
import { PartPlan, type PartPlanOptions } from '../../../src/upload/parts/part-plan.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { OSS_LIMITS } from '../../support/oss-limits.js'

function plan(options: Partial<PartPlanOptions> = {}, limits: Partial<StoreLimits> = {}): PartPlan {
  const defaults = { partSize: 8 * MiB, partGrowth: true, maxMemory: 256 * MiB }
  return new PartPlan({ ...defaults, ...options }, { ...OSS_LIMITS, ...limits })
}

describe('the plan of parts', () => {
  it('keeps one size for a thousand parts, then doubles it every thousand up to half the memory', () => {
    const sizes = [1, 1000, 1001, 2000, 2001, 3001, 4000, 4001, 5001, 10_000].map((n) => plan().sizeOf(n) / MiB)
    assert.deepEqual(sizes, [8, 8, 16, 16, 32, 64, 64, 128, 128, 128])
  })

  it('has room for 867 GiB by default', () => {
    assert.equal(plan().capacity, (8 + 16 + 32 + 64 + 6 * 128) * 1000 * MiB)
    assert.equal(Math.floor(plan().capacity / GiB), 867)
  })

  it('has room for several TiB with more memory', () => {
    assert.ok(plan({ maxMemory: 4 * GiB }).capacity > 4 * 1024 * GiB)
  })

  it('keeps every part equal where parts may not grow', () => {
    const equal = plan({ partGrowth: false })
    assert.equal(equal.sizeOf(10_000), 8 * MiB)
    assert.equal(equal.capacity, 10_000 * 8 * MiB)
  })

  it('never has parts that are larger than the service accepts', () => {
    assert.equal(plan({ maxMemory: 1024 * GiB }).sizeOf(10_000), 4 * GiB)
    assert.equal(plan({ maxMemory: 1024 * GiB }, { maxPartSize: 100 * MiB }).sizeOf(10_000), 64 * MiB)
  })

  it('ends at the last part number, with advice', () => {
    const tooLong = uploadError('TOO_MANY_PARTS', '867.2 GiB', '10000 parts', 'expectedSize', 'partSize', 'maxMemory')
    assert.throws(() => plan().sizeOf(10_001), tooLong)
    const equal = uploadError('TOO_MANY_PARTS', '78.1 GiB', 'expectedSize')
    assert.throws(() => plan({ partGrowth: false }).sizeOf(10_001), equal)
    const expected = uploadError('TOO_MANY_PARTS', 'at least the size of the stream')
    assert.throws(() => plan({ expectedSize: 1 }).sizeOf(10_001), expected)
    const largest = uploadError('TOO_MANY_PARTS', '48.8 TiB', 'several objects')
    assert.throws(() => plan({ partSize: 5 * GiB, maxMemory: 5 * GiB }).sizeOf(10_001), largest)
  })

  it('holds for services with few parts', () => {
    const few = plan({}, { maxParts: 3 })
    assert.equal(few.capacity, 24 * MiB)
    assert.throws(() => few.sizeOf(4), uploadError('TOO_MANY_PARTS', '3 parts'))
  })
})

describe('the plan for an expected size', () => {
  it('keeps the part size while that is enough, with a tenth of the parts to spare', () => {
    assert.equal(plan({ expectedSize: 0 }).sizeOf(1), 8 * MiB)
    assert.equal(plan({ expectedSize: 9000 * 8 * MiB }).sizeOf(10_000), 8 * MiB)
  })

  it('has one larger size in whole MiB where it is not', () => {
    const larger = plan({ expectedSize: 9000 * 8 * MiB + 1 })
    assert.equal(larger.sizeOf(1), 9 * MiB)
    assert.equal(larger.sizeOf(10_000), 9 * MiB)
  })

  it('needs memory for a part', () => {
    const needs = invalidOption('expectedSize', 'maxMemory')
    assert.throws(() => plan({ expectedSize: 10 * 1024 * GiB, maxMemory: 512 * MiB }), needs)
  })

  it('is refused where the size is beyond the service, and has the largest parts for all of it', () => {
    assert.throws(() => plan({ expectedSize: OSS_LIMITS.maxObjectSize + 1 }), invalidOption('expectedSize', 'at most'))
    const all = { expectedSize: OSS_LIMITS.maxObjectSize, maxMemory: 5 * GiB }
    assert.equal(plan(all).sizeOf(1), 5 * GiB)
    assert.equal(plan(all).capacity, OSS_LIMITS.maxObjectSize)
    assert.throws(() => plan({ ...all, maxMemory: 5 * GiB - 1 }), invalidOption('expectedSize', 'maxMemory'))
  })
})

describe('a part where memory is short', () => {
  const few = { maxParts: 100 }

  it('may have the fewest bytes that the service accepts, as one of the first tenth', () => {
    const short = plan({ shortParts: true }, few)
    assert.deepEqual(short.part(10), { partNumber: 10, size: 8 * MiB, fewest: 100 * KiB })
    assert.deepEqual(short.part(11), { partNumber: 11, size: 8 * MiB, fewest: 8 * MiB })
    assert.equal(plan({}, few).part(1).fewest, 8 * MiB)
    assert.throws(() => short.part(101), uploadError('TOO_MANY_PARTS'))
  })

  it('leaves room for all that was expected', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: OSS_LIMITS.maxObjectSize }),
        fc.integer({ min: 10, max: 10_000 }),
        (size, maxParts) => {
          const expectedSize = Math.min(size, maxParts * 5 * GiB)
          const made = plan({ expectedSize, shortParts: true, maxMemory: 64 * GiB }, { maxParts })
          let sum = 0
          for (let partNumber = 1; partNumber <= maxParts; partNumber += 1) sum += made.part(partNumber).fewest
          assert.ok(sum >= expectedSize)
        },
      ),
      { numRuns: 30 },
    )
  })
})

describe('a plan that cannot be', () => {
  it('has parts larger than the memory', () => {
    assert.throws(() => plan({ maxMemory: 8 * MiB - 1 }), invalidOption('partSize', 'maxMemory', '8388607'))
    assert.equal(plan({ maxMemory: 8 * MiB }).sizeOf(10_000), 8 * MiB)
  })
})

describe('every plan', () => {
  const options = fc.record({
    partSize: fc.integer({ min: 100 * KiB, max: 5 * GiB }),
    partGrowth: fc.boolean(),
    maxMemory: fc.integer({ min: MiB, max: 64 * GiB }),
    expectedSize: fc.option(fc.integer({ min: 0, max: OSS_LIMITS.maxObjectSize }), { nil: undefined }),
  })

  it('has parts within the limits that never shrink, and room for what is expected', () => {
    fc.assert(
      fc.property(options, fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 2 }), (chosen, numbers) => {
        let made: PartPlan
        try {
          made = plan(chosen)
        } catch (error) {
          assert.ok(invalidOption('maxMemory')(error))
          return
        }
        const sizes = numbers.sort((a, b) => a - b).map((partNumber) => made.sizeOf(partNumber))
        for (const [i, size] of sizes.entries()) {
          assert.ok(
            Number.isSafeInteger(size) && size >= OSS_LIMITS.minPartSize && size <= 5 * GiB && size <= chosen.maxMemory,
          )
          assert.ok(i === 0 || size >= sizes[i - 1]!)
          if (!chosen.partGrowth || chosen.expectedSize !== undefined) assert.equal(size, made.sizeOf(1))
          if (size > made.sizeOf(1)) assert.ok(2 * size <= chosen.maxMemory)
        }
        assert.ok(made.capacity >= (chosen.expectedSize ?? 0))
      }),
    )
  })

  it('has the capacity that its parts add up to', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 10_000 }), (chosen, maxParts) => {
        const made = plan({ ...chosen, maxMemory: 64 * GiB, expectedSize: undefined }, { maxParts })
        let sum = 0
        for (let partNumber = 1; partNumber <= maxParts; partNumber += 1) sum += made.sizeOf(partNumber)
        assert.equal(made.capacity, sum)
      }),
      { numRuns: 30 },
    )
  })
})
