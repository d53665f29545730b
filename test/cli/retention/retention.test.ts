import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decide, type KeepRules } from '../../../src/cli/retention/retention.js'

const DAY = 86_400_000
const items = (times: readonly Date[]) => times.map((time) => ({ time }))
const kept = (times: readonly Date[], rules: KeepRules): Date[] =>
  decide(items(times), rules)
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ item }) => item.time)

/** One a night at 02:00, the last one on 2026-06-30. */
const nights = Array.from({ length: 400 }, (_, index) => new Date(2026, 5, 30 - index, 2))

const times = fc.array(fc.date({ min: new Date(2020, 0, 1), max: new Date(2026, 11, 31), noInvalidDate: true }), {
  minLength: 1,
  maxLength: 60,
})
const count = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined })
const rules = fc
  .record({
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    withinMs: fc.option(fc.integer({ min: 1, max: 2000 * DAY }), { nil: undefined }),
  })
  .filter((given) => Object.values(given).some((value) => value !== undefined))

describe('what is kept', () => {
  it('is the newest of each day, week, month and year', () => {
    assert.deepEqual(
      kept(nights, { daily: 3 }),
      [28, 29, 30].map((day) => new Date(2026, 5, day, 2)),
    )
    // Sundays, and the newest, which is of a week that has only begun.
    assert.deepEqual(
      kept(nights, { weekly: 3 }),
      [21, 28, 30].map((day) => new Date(2026, 5, day, 2)),
    )
    assert.deepEqual(kept(nights, { monthly: 3 }), [
      new Date(2026, 3, 30, 2),
      new Date(2026, 4, 31, 2),
      new Date(2026, 5, 30, 2),
    ])
    assert.deepEqual(kept(nights, { yearly: 2 }), [new Date(2025, 11, 31, 2), new Date(2026, 5, 30, 2)])
  })

  it('is what is near the newest, however old that is', () => {
    const old = [new Date(2020, 0, 1), new Date(2020, 0, 5), new Date(2020, 0, 9)]
    assert.deepEqual(kept(old, { withinMs: 5 * DAY }), old.slice(1))
  })

  it('keeps the newest of several on one day, and the oldest while a rule has kept fewer', () => {
    const day = [8, 12, 20].map((hour) => new Date(2026, 0, 1, hour))
    assert.deepEqual(kept(day, { daily: 1 }), [day[2]])
    const decisions = decide(items(day), { daily: 5 })
    assert.deepEqual(
      decisions.map(({ reasons }) => reasons),
      [['oldest daily'], [], ['daily']],
    )
  })

  it('counts weeks across the end of a year', () => {
    // Tuesday and Thursday of one week.
    const week = [new Date(2024, 11, 31), new Date(2025, 0, 2), new Date(2025, 0, 6)]
    assert.deepEqual(kept(week, { weekly: 2 }), [week[1], week[2]])
  })

  it('always has the newest, and never more than the rules allow', () => {
    fc.assert(
      fc.property(times, rules, (given, keep) => {
        const newest = Math.max(...given.map(Number))
        const found = kept(given, keep).map(Number)
        assert.ok(found.includes(newest))
        const { withinMs, ...counts } = keep
        const near = withinMs === undefined ? 0 : given.filter((time) => newest - Number(time) <= withinMs).length
        const most = Object.values(counts).reduce<number>((sum, value) => sum + (value ?? 0), near)
        assert.ok(found.length <= most)
      }),
    )
  })

  it('does not depend on the order, and is kept again when nothing is new', () => {
    fc.assert(
      fc.property(times, rules, (given, keep) => {
        const found = kept(given, keep)
        assert.deepEqual(kept([...given].reverse(), keep).map(Number), found.map(Number))
        assert.deepEqual(kept(found, keep).map(Number), found.map(Number))
      }),
    )
  })

  it('is each one, in a list of all, the oldest first', () => {
    fc.assert(
      fc.property(times, rules, (given, keep) => {
        const ordered = [...given].map(Number).sort((a, b) => a - b)
        assert.deepEqual(
          decide(items(given), keep).map(({ item }) => Number(item.time)),
          ordered,
        )
      }),
    )
  })

  it('has no fewer when a rule keeps more', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 10 }), (given, daily) => {
        const fewer = kept(given, { daily }).map(Number)
        const more = new Set(kept(given, { daily: daily + 1 }).map(Number))
        assert.ok(fewer.every((time) => more.has(time)))
      }),
    )
  })
})
