import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PartBuffer } from '../../src/checksum/crc64.js'
import { newPartBuffer, SegmentedPart } from '../../src/checksum/segmented-part.js'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { GiB } from '../../src/shared/byte-size.js'
import { noise } from './messages.js'

/** The capacities of the engine's buffers that a part of `capacity` bytes is made of. No memory is taken for them. */
function madeFor(capacity: number): number[] {
  const made: number[] = []
  const createPartBuffer = (length: number): PartBuffer => {
    made.push(length)
    return tableEngine.createPartBuffer(0)
  }
  newPartBuffer({ createPartBuffer }, capacity)
  return made
}

describe('a part buffer of any capacity', () => {
  it("is one of the engine's up to 1 GiB", () => {
    for (const capacity of [1, GiB - 1, GiB]) assert.deepEqual(madeFor(capacity), [capacity])
  })

  it('is made of several beyond that, none of them larger', () => {
    assert.deepEqual(madeFor(GiB + 1), [GiB, 1])
    assert.deepEqual(madeFor(5 * GiB), [GiB, GiB, GiB, GiB, GiB])
    fc.assert(
      fc.property(fc.integer({ min: GiB + 1, max: 5 * GiB }), (capacity) => {
        const made = madeFor(capacity)
        assert.ok(made.every((length) => length > 0 && length <= GiB))
        assert.equal(
          made.reduce((sum, length) => sum + length),
          capacity,
        )
      }),
    )
  })
})

describe('a part in segments', () => {
  const part = (): SegmentedPart => new SegmentedPart(tableEngine, 250, 100)
  const lengthsOf = ({ segments }: PartBuffer): number[] => segments.map(({ length }) => length)

  it('gives views of those that hold something, and none of it copied', () => {
    const made = part()
    assert.deepEqual(lengthsOf(made), [])
    made.append(noise, 0, 230)
    assert.deepEqual(lengthsOf(made), [100, 100, 30])
    const again = made.segments
    for (const [i, { buffer }] of made.segments.entries()) assert.equal(buffer, again[i]?.buffer)
    made.clear()
    assert.deepEqual([made.length, lengthsOf(made)], [0, []])
  })

  it('is written to straight up to the end of a segment, then in the next one', () => {
    const made = part()
    made.advance(60)
    assert.equal(made.free.length, 40)
    assert.throws(() => made.advance(41), RangeError)
    made.advance(40)
    assert.equal(made.free.length, 100)
    made.append(noise, 0, 150)
    assert.deepEqual([made.length, made.free.length], [250, 0])
    assert.throws(() => made.advance(1), RangeError)
  })
})
