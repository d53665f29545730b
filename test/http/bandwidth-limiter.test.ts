import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BandwidthLimiter, MIN_BANDWIDTH } from '../../src/http/bandwidth-limiter.js'
import { pacedSlices } from '../../src/http/body/paced-slices.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { someBytes } from '../support/bytes.js'
import { FakeClock, settled } from '../support/fake-clock.js'

interface Passed {
  who: number
  at: number
  bytes: number
}

const never = (): AbortSignal => new AbortController().signal

/** A machine on which timers come late. */
class LateClock extends FakeClock {
  readonly #lateness: () => number

  constructor(lateness: () => number) {
    super()
    this.#lateness = lateness
  }

  override after(ms: number, callback: () => void): () => void {
    return super.after(ms + this.#lateness(), callback)
  }
}

/** Each asks for its slices one after the other, as soon as the one before has passed. */
function ask(limiter: BandwidthLimiter, clock: FakeClock, slices: number[], who: number, log: Passed[]): Promise<void> {
  const signal = never()
  return slices.reduce(async (before, bytes) => {
    await before
    await limiter.pass(bytes, signal)
    log.push({ who, at: clock.now(), bytes })
  }, Promise.resolve())
}

/** How much more passed in some span of time than its length allows. */
function worstBurst(log: Passed[], bytesPerSecond: number): number {
  let worst = 0
  for (let first = 0; first < log.length; first += 1) {
    let bytes = 0
    for (let last = first; last < log.length; last += 1) {
      bytes += log[last]!.bytes
      worst = Math.max(worst, bytes - ((log[last]!.at - log[first]!.at) * bytesPerSecond) / 1000)
    }
  }
  return worst
}

describe('BandwidthLimiter', () => {
  it('passes at most the limit and one burst in any span of time, with any callers and late timers', async () => {
    const limits = fc.integer({ min: MIN_BANDWIDTH, max: 1024 * MiB })
    // Of the largest slice: what each of several bodies asks for.
    const shares = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 1, maxLength: 30 })
    const bodies = fc.array(shares, { minLength: 1, maxLength: 5 })
    const lateness = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 10 })
    const pauses = fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 5, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(limits, bodies, lateness, pauses, async (limit, asked, late, waits) => {
        let timers = 0
        const clock = new LateClock(() => late[(timers += 1) % late.length]!)
        const limiter = new BandwidthLimiter(limit, clock)
        const log: Passed[] = []
        const done: Promise<void>[] = []
        for (const [who, sizes] of asked.entries()) {
          const slices = sizes.map((share) => Math.ceil(share * limiter.sliceSize))
          done.push(ask(limiter, clock, slices, who, log))
          await clock.advance(waits[who]!)
        }
        await clock.advance(1e9)
        await Promise.all(done)
        assert.equal(log.length, asked.flat().length)
        assert.ok(worstBurst(log, limit) <= limiter.burst + 0.01, `${worstBurst(log, limit)} > ${limiter.burst}`)
      }),
      { numRuns: 40 },
    )
  })

  it('makes use of the limit, to within what a timer is late', async () => {
    for (const limit of [MIN_BANDWIDTH, 100 * KiB, 10 * MiB, 1024 * MiB]) {
      const clock = new LateClock(() => 10)
      const limiter = new BandwidthLimiter(limit, clock)
      const log: Passed[] = []
      const endless = Array.from<number>({ length: 5_000 }).fill(limiter.sliceSize)
      void ask(limiter, clock, endless, 0, log)
      await clock.advance(1000)
      const passed = log.reduce((sum, { bytes }) => sum + bytes, 0)
      assert.ok(passed >= limit * 0.95, `${passed} of ${limit}`)
    }
  })

  it('is smooth: no tenth of a second passes without bytes, once its slices are shorter than that', async () => {
    for (const limit of [64 * KiB, MiB, 100 * MiB]) {
      const clock = new FakeClock()
      const limiter = new BandwidthLimiter(limit, clock)
      const log: Passed[] = []
      void ask(limiter, clock, Array.from<number>({ length: 10_000 }).fill(limiter.sliceSize), 0, log)
      await clock.advance(1000)
      for (const [index, { at }] of log.entries()) assert.ok(at - (log[index - 1]?.at ?? 0) < 100)
    }
  })

  it('shares the limit evenly between its users', async () => {
    const clock = new FakeClock()
    const limiter = new BandwidthLimiter(MiB, clock)
    const log: Passed[] = []
    const slices = Array.from<number>({ length: 1000 }).fill(limiter.sliceSize)
    for (const who of [0, 1, 2]) void ask(limiter, clock, slices, who, log)
    await clock.advance(5000)
    const shares = [0, 1, 2].map((who) => log.filter((passed) => passed.who === who).length)
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 2, shares.join())
  })

  it('forgets aborted waiters, and serves the next one instead', async () => {
    const clock = new FakeClock()
    const limiter = new BandwidthLimiter(MIN_BANDWIDTH, clock)
    await limiter.pass(limiter.burst, never())
    const { signal, abort } = abortable()
    const given = limiter.pass(limiter.burst, signal)
    const small = limiter.pass(100, never())
    abort(new Error('enough'))
    await assert.rejects(given, /enough/)
    // 100 bytes at 1,024 a second.
    await clock.advance(99)
    await small
    assert.equal(clock.timers, 0)
    await assert.rejects(limiter.pass(1, signal), /enough/)
  })
})

describe('pacedSlices', () => {
  it('yields all of the body in order, reports all that moved, and causes no timeout by itself', async () => {
    const clock = new FakeClock()
    const limiter = new BandwidthLimiter(100 * KiB, clock)
    const body = someBytes(300_001)
    let isHeld = false
    const moved: number[] = []
    let ends = 0
    const watcher = {
      onHeld: () => (isHeld = true),
      onMoved: (bytes: number) => {
        isHeld = false
        moved.push(bytes)
      },
      onAllMoved: () => (ends += 1),
    }
    const taken: Uint8Array[] = []
    const reading = (async () => {
      for await (const slice of pacedSlices(
        [body.subarray(0, 170_000), body.subarray(170_000)],
        watcher,
        limiter,
        never(),
      )) {
        assert.equal(isHeld, false)
        taken.push(slice)
      }
    })()
    await settled()
    assert.ok(taken.length > 0)
    assert.equal(isHeld, true)
    await clock.advance(4000)
    await reading
    assert.ok(Buffer.concat(taken).equals(body))
    assert.equal(
      moved.reduce((sum, bytes) => sum + bytes),
      body.length,
    )
    assert.equal(ends, 1)
  })
})

function abortable(): { signal: AbortSignal; abort: (reason: Error) => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: (reason) => controller.abort(reason) }
}
