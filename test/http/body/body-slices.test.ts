import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bodySlices, CAREFUL_VIEW } from '../../../src/http/body/body-slices.js'
import { LineSpeed } from '../../../src/http/line-speed.js'
import { KiB, MiB } from '../../../src/shared/byte-size.js'
import { someBytes } from '../../support/bytes.js'

const nobody = { onMoved: () => undefined, onAllMoved: () => undefined }

/** A clock that goes on as much as the connection needs for each slice. */
function slicesAtSpeed(length: number, largest: number, bytesPerMs: () => number): number[] {
  let now = 0
  const lengths: number[] = []
  for (const slice of bodySlices([new Uint8Array(length)], nobody, largest, () => now)) {
    lengths.push(slice.length)
    now += slice.length / bytesPerMs()
  }
  return lengths
}

describe('bodySlices', () => {
  it('yields all of the body in order, and reports all that moved', () => {
    const speeds = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 5 })
    const lengths = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: MiB }))
    const segmentLengths = fc.array(lengths, { maxLength: 4 })
    fc.assert(
      fc.property(segmentLengths, speeds, fc.integer({ min: 1, max: MiB }), (each, bytesPerMs, largest) => {
        const segments = each.map((length, i) => someBytes(length, i + 1))
        const moved: number[] = []
        let ends = 0
        let now = 0
        const slices: Uint8Array[] = []
        const watcher = {
          onMoved: (bytes: number) => moved.push(bytes),
          onAllMoved: () => (ends += 1),
        }
        for (const slice of bodySlices(segments, watcher, largest, () => now)) {
          assert.ok(slice.length > 0)
          slices.push(slice)
          now += slice.length / bytesPerMs[slices.length % bytesPerMs.length]!
        }
        assert.ok(Buffer.concat(slices).equals(Buffer.concat(segments)))
        assert.deepEqual(moved, [0, ...slices.map((slice) => slice.length)])
        assert.equal(ends, 1)
      }),
      { numRuns: 50 },
    )
  })

  it('makes few slices on a fast connection', () => {
    assert.ok(slicesAtSpeed(8 * MiB, 512 * KiB, () => 1_000_000).length < 25)
  })

  it('makes slices of about a quarter of a second on a slow one', () => {
    const lengths = slicesAtSpeed(MiB, 512 * KiB, () => 100).slice(3, -1)
    for (const length of lengths) assert.ok(length > 20_000 && length < 30_000, String(length))
  })

  it('makes no slices above the limit, however fast the connection seems', () => {
    for (const length of slicesAtSpeed(4 * MiB, 64 * KiB, () => 1_000_000)) assert.ok(length <= 64 * KiB)
  })

  it('makes no smaller slices than 16 KiB, but the last', () => {
    const lengths = slicesAtSpeed(MiB, 1, () => 1)
    for (const length of lengths.slice(0, -1)) assert.ok(length >= 16 * KiB)
  })

  it('copies nothing but small slices', () => {
    const body = someBytes(2 * MiB)
    const large = [...bodySlices([body], nobody, 512 * KiB, () => 0)].filter(({ length }) => length > 64 * KiB)
    assert.ok(large.length > 0)
    for (const slice of large) assert.equal(slice.buffer, body.buffer)
  })

  it('copies nothing of a large body on a connection of unknown speed that is not slow', () => {
    const body = someBytes(10 * CAREFUL_VIEW)
    const slices = [...bodySlices([body], nobody, new LineSpeed().largestView(30_000), () => 0)]
    for (const slice of slices) assert.equal(slice.buffer, body.buffer)
  })

  it('writes nothing more once its reader has gone', () => {
    let calls = 0
    const slices = bodySlices(
      [new Uint8Array(MiB)],
      { onMoved: () => (calls += 1), onAllMoved: () => assert.fail() },
      1000,
      () => 0,
    )
    slices.next()
    slices.return()
    assert.equal(calls, 1)
  })
})
