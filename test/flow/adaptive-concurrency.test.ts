import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MiB } from '../../src/shared/byte-size.js'
import { AdaptiveConcurrency, type AdaptiveOptions } from '../../src/flow/adaptive-concurrency.js'

const PART = 8 * MiB

/** A way to a store. */
interface Line {
  latencyMs: number
  /** Bytes per millisecond of all parts together, and of one. */
  bandwidth: number
  perConnection: number
  /** More parts than this make the line slower: each further one costs this share of it. */
  crowd?: { from: number; cost: number }
  /** Parts beyond so many at a time are refused. */
  refusesBeyond?: number
  /** A latency is off by up to this share. */
  jitter?: number
}

interface Part {
  /** Until it begins to move; then the bytes that are left. */
  waitMs: number
  left: number
  /** What the service will answer. */
  isRefused: boolean
}

interface Run {
  /** Bytes per millisecond of the later half. */
  rate: number
  limits: number[]
  refusals: number
}

/** Sends `parts` parts from a source that is never waited for, as many at a time as `limit` says. */
function simulate(line: Line, parts: number, limit: Policy, seed = 1): Run {
  const random = randomNumbers(seed)
  const flying: Part[] = []
  const limits: number[] = []
  let now = 0
  let done = 0
  let refusals = 0
  let halfAt = 0
  const begin = (): Part => ({
    waitMs: line.latencyMs * (1 + (line.jitter ?? 0) * (2 * random() - 1)),
    left: PART,
    isRefused: flying.length >= (line.refusesBeyond ?? Infinity),
  })
  while (done < parts) {
    while (flying.length < limit.value()) flying.push(begin())
    limits.push(limit.value())
    const moving = flying.filter(({ waitMs }) => waitMs <= 0).length
    const { from, cost } = line.crowd ?? { from: Infinity, cost: 0 }
    const width = line.bandwidth / (1 + Math.max(0, flying.length - from) * cost)
    const speed = moving === 0 ? 0 : Math.min(line.perConnection, width / moving)
    const step = Math.min(...flying.map(({ waitMs, left }) => (waitMs > 0 ? waitMs : left / speed)))
    now += step
    for (const part of flying) {
      if (part.waitMs > 0) part.waitMs -= step
      else part.left -= step * speed
    }
    for (const part of [...flying]) {
      if (part.waitMs > 1e-6) continue
      if (part.isRefused) {
        refusals += 1
        limit.refused(now)
        Object.assign(part, {
          ...begin(),
          isRefused: flying.length > (line.refusesBeyond ?? Infinity),
          waitMs: 4 * line.latencyMs,
        })
      } else if (part.left <= 1) {
        flying.splice(flying.indexOf(part), 1)
        done += 1
        if (done === Math.floor(parts / 2)) halfAt = now
        limit.completed(now)
      }
    }
  }
  return { rate: (PART * (parts - Math.floor(parts / 2))) / (now - halfAt), limits, refusals }
}

interface Policy {
  value: () => number
  completed: (now: number) => void
  refused: (now: number) => void
}

function adaptive(range: AdaptiveOptions): Policy {
  let now = 0
  const policy = new AdaptiveConcurrency(range, () => now)
  return {
    value: () => policy.limit,
    completed(at) {
      now = at
      // The source waits all the time.
      policy.completed(PART, at)
    },
    refused(at) {
      now = at
      policy.refused()
    },
  }
}

function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}

function fixed(limit: number): Policy {
  return { value: () => limit, completed: () => undefined, refused: () => undefined }
}

/** The best that a fixed number of parts in flight reaches. */
function best(line: Line, { min, max }: AdaptiveOptions): { rate: number; limit: number } {
  const limits = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32].filter((limit) => limit >= min && limit <= max)
  return limits
    .map((limit) => ({ limit, rate: simulate(line, 30 * limit, fixed(limit)).rate }))
    .reduce((found, other) => (other.rate > found.rate ? other : found))
}

const RANGE = { min: 1, max: 32, start: 5 }

const MBIT = MiB / 8 / 1000

const LINES: Record<string, Line> = {
  'near and narrow': { latencyMs: 5, bandwidth: 100 * MBIT, perConnection: 1000 * MBIT },
  'near and wide': { latencyMs: 5, bandwidth: 10_000 * MBIT, perConnection: 2000 * MBIT },
  'far, and each connection slow': { latencyMs: 200, bandwidth: 1000 * MBIT, perConnection: 40 * MBIT },
  'far and wide': { latencyMs: 200, bandwidth: 5000 * MBIT, perConnection: 1000 * MBIT },
  'far and narrow': { latencyMs: 200, bandwidth: 50 * MBIT, perConnection: 50 * MBIT },
  'slower for a crowd': {
    latencyMs: 50,
    bandwidth: 1000 * MBIT,
    perConnection: 200 * MBIT,
    crowd: { from: 6, cost: 0.1 },
  },
}

const ANY_LINE = fc.record({
  latencyMs: fc.integer({ min: 1, max: 500 }),
  bandwidth: fc.integer({ min: 50, max: 10_000 }).map((mbit) => mbit * MBIT),
  perConnection: fc.integer({ min: 20, max: 2000 }).map((mbit) => mbit * MBIT),
  jitter: fc.constantFrom(0.1, 0.3),
})

describe('AdaptiveConcurrency', () => {
  for (const [name, line] of Object.entries(LINES)) {
    for (const jitter of [0.1, 0.3]) {
      it(`comes near the best throughput on a line that is ${name}, with jitter ${jitter}`, () => {
        const { rate } = simulate({ ...line, jitter }, 1200, adaptive(RANGE))
        const goal = best({ ...line, jitter }, RANGE)
        assert.ok(rate >= 0.85 * goal.rate, `${(rate / goal.rate).toFixed(2)} of the best, which is ${goal.limit}`)
      })
    }
  }

  it('comes near the best throughput on any line', () => {
    fc.assert(
      fc.property(ANY_LINE, fc.integer({ min: 1, max: 1000 }), (line, seed) => {
        const { rate } = simulate(line, 800, adaptive(RANGE), seed)
        const goal = best(line, RANGE)
        assert.ok(rate >= 0.65 * goal.rate, `${(rate / goal.rate).toFixed(2)} of the best, which is ${goal.limit}`)
      }),
      { numRuns: 20 },
    )
  })

  it('starts with the given number, and doubles it after a round that gained throughput', () => {
    const { limits } = simulate(LINES['far, and each connection slow']!, 60, adaptive(RANGE))
    assert.equal(limits[0], 5)
    assert.deepEqual([...new Set(limits)].slice(0, 3), [5, 10, 20])
  })

  it('never leaves its range', () => {
    const event = fc.oneof(
      fc.record({
        what: fc.constant('completed' as const),
        ms: fc.integer({ min: 0, max: 5000 }),
        waiting: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
      fc.record({
        what: fc.constantFrom('refused' as const, 'delayed' as const),
        ms: fc.integer({ min: 0, max: 5000 }),
        waiting: fc.constant(1),
      }),
    )
    const ranges = fc.tuple(
      fc.integer({ min: 1, max: 32 }),
      fc.integer({ min: 0, max: 31 }),
      fc.integer({ min: 1, max: 100 }),
    )
    fc.assert(
      fc.property(ranges, fc.array(event, { maxLength: 500 }), ([min, width, start], events) => {
        const max = min + width
        let now = 0
        let blocked = 0
        const policy = new AdaptiveConcurrency({ min, max, start }, () => now)
        for (const { what, ms, waiting } of events) {
          now += ms
          blocked += ms * waiting
          const before = policy.limit
          if (what === 'completed') policy.completed(PART, blocked)
          else policy[what]()
          const { limit } = policy
          assert.ok(Number.isInteger(limit) && limit >= min && limit <= max, `${limit} is not in ${min} to ${max}`)
          if (what === 'refused') assert.ok(limit === before || limit === Math.max(min, Math.floor(before / 2)))
          if (what !== 'completed') assert.ok(limit <= before)
        }
      }),
    )
  })

  it('halves when it is refused, once for all parts that were in flight, and again for those after them', () => {
    let now = 0
    const policy = new AdaptiveConcurrency({ min: 2, max: 32, start: 16 }, () => now)
    for (let refusals = 0; refusals < 16; refusals += 1) policy.refused()
    assert.equal(policy.limit, 8)
    for (let part = 0; part < 16; part += 1) policy.completed(PART, (now += 10))
    policy.refused()
    assert.equal(policy.limit, 4)
    for (let refusals = 0; refusals < 100; refusals += 1) policy.refused()
    assert.equal(policy.limit, 2)
  })

  it('stays near the number that the service accepts', () => {
    for (const refusesBeyond of [3, 8, 12]) {
      const line = { ...LINES['far, and each connection slow']!, jitter: 0.3, refusesBeyond }
      const { limits, refusals } = simulate(line, 1000, adaptive(RANGE))
      const later = limits.slice(limits.length / 2)
      const mean = later.reduce((sum, limit) => sum + limit) / later.length
      assert.ok(mean >= refusesBeyond * 0.45 && mean <= refusesBeyond * 1.3, `${mean} with ${refusesBeyond}`)
      assert.ok(refusals < 200, `${refusals} refusals`)
    }
  })

  it('goes down while the service delays requests and nothing is lost by it', () => {
    let now = 0
    const policy = new AdaptiveConcurrency({ min: 1, max: 32, start: 16 }, () => now)
    // The service lets so much through and no more, with however many parts.
    for (let part = 0; part < 500; part += 1) {
      policy.delayed()
      policy.completed(PART, (now += 50))
    }
    assert.equal(policy.limit, 1)
  })

  it('ignores delays that were requested', () => {
    const ends = [true, false].map((ignoresDelays) => {
      let now = 0
      const policy = new AdaptiveConcurrency({ ...RANGE, ignoresDelays }, () => now)
      for (let part = 0; part < 12; part += 1) {
        policy.completed(PART, (now += 50))
        policy.delayed()
      }
      return policy.limit
    })
    assert.equal(ends[0], 10)
    assert.ok(ends[1]! <= 5)
  })

  it('leaves it as it is while the source is the slow side', () => {
    let now = 0
    const policy = new AdaptiveConcurrency({ min: 1, max: 32, start: 5 }, () => now)
    for (let part = 0; part < 500; part += 1) policy.completed(PART, 0.1 * (now += 50))
    assert.equal(policy.limit, 5)
  })
})
