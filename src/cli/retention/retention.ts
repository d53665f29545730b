/** Decides which backups are kept, by the rules of restic and borg. A pure function of times. */

/** The number of backups to keep, by rule. At least one rule is needed. */
export interface KeepRules {
  /** The newest N. */
  last?: number | undefined
  /** The newest of each hour, for the last N hours that have one; the others are analogous. */
  hourly?: number | undefined
  daily?: number | undefined
  /** Weeks begin on Monday (ISO 8601). */
  weekly?: number | undefined
  monthly?: number | undefined
  yearly?: number | undefined
  /** All that are at most so many milliseconds older than the newest. */
  withinMs?: number | undefined
}

export interface Decision<Item> {
  item: Item
  /** The rules that keep it; empty if it is removed. */
  reasons: string[]
}

type CountedRule = Exclude<keyof KeepRules, 'withinMs'>

/** Returns the name of the period of a time, in local time. For `last` each item is its own period. */
const PERIODS: Readonly<Record<CountedRule, (time: Date, index: number) => string>> = {
  last: (_time, index) => String(index),
  hourly: (time) => `${dayOf(time)} ${time.getHours()} ${time.getTimezoneOffset()}`,
  daily: dayOf,
  weekly: mondayOf,
  monthly: (time) => `${time.getFullYear()}-${time.getMonth()}`,
  yearly: (time) => String(time.getFullYear()),
}

/**
 * Returns the decision for each item, the oldest first. Each rule is counted separately: it goes from the newest to the oldest and keeps
 * the first of each period, up to its number. A rule that has kept fewer when it arrives at the oldest keeps that one too. So the newest
 * is always kept.
 */
export function decide<Item extends { time: Date }>(items: readonly Item[], rules: KeepRules): Decision<Item>[] {
  const newestFirst = [...items].sort((a, b) => b.time.getTime() - a.time.getTime())
  const decisions = newestFirst.map((item): Decision<Item> => ({ item, reasons: [] }))
  const newest = newestFirst[0]?.time.getTime() ?? 0
  const { withinMs, ...counts } = rules
  for (const { item, reasons } of decisions) {
    if (withinMs !== undefined && newest - item.time.getTime() <= withinMs) reasons.push('within')
  }
  for (const rule of Object.keys(PERIODS) as CountedRule[]) apply(decisions, rule, counts[rule] ?? 0)
  return decisions.reverse()
}

function apply(decisions: readonly Decision<{ time: Date }>[], rule: CountedRule, count: number): void {
  let left = count
  let period: string | undefined
  for (const [index, { item, reasons }] of decisions.entries()) {
    if (left === 0) return
    const own = PERIODS[rule](item.time, index)
    const isOldest = index === decisions.length - 1
    if (own === period && !isOldest) continue
    reasons.push(own === period ? `oldest ${rule}` : rule)
    period = own
    left -= 1
  }
}

function dayOf(time: Date): string {
  return `${time.getFullYear()}-${time.getMonth()}-${time.getDate()}`
}

function mondayOf(time: Date): string {
  const sinceMonday = (time.getDay() + 6) % 7
  return dayOf(new Date(time.getFullYear(), time.getMonth(), time.getDate() - sinceMonday))
}
