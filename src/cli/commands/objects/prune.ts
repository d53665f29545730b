import type { CallOptions } from '../../../index.js'
import { formatByteSize } from '../../options/byte-sizes.js'
import type { Options } from '../../options/options.js'
import { openTarget, type OpenTarget } from '../../access/store-access.js'
import { messageOf, usageFailure } from '../../process/failure.js'
import { noteFirstRetry } from '../../progress/retry-note.js'
import { formatTable } from '../../progress/table.js'
import { type Decision, decide, type KeepRules } from '../../retention/retention.js'
import type { Invocation } from '../command.js'
import { ageOf, isFolder, objectsOf, type Seen } from './listed.js'

const COLUMNS = [
  { title: 'ACTION' },
  { title: 'SIZE', isNumber: true },
  { title: 'AGE', isNumber: true },
  { title: 'WHY' },
  { title: 'KEY' },
]

interface Backup extends Seen {
  time: Date
}

/** Removes the backups that no rule keeps. All objects below the target are one series. */
export async function prune(invocation: Invocation): Promise<void> {
  const { operands, options, session } = invocation
  const rules = rulesOf(options)
  const target = openTarget(operands[0] ?? '', options, session.environment)
  try {
    if (target.key === '') {
      throw usageFailure(`prune needs what the keys of one series begin with, such as ${target.addressOf('app/')}`)
    }
    const calls = noteFirstRetry(session, options)
    const backups: Backup[] = []
    for await (const seen of objectsOf(target, calls)) {
      const { lastModified: time } = seen.object
      // An object without a time has an unknown age, and is kept.
      if (time !== undefined && !isFolder(seen.object)) backups.push({ ...seen, time })
    }
    await carryOut(decide(backups, rules), target, calls, invocation)
  } finally {
    await target.store.close()
  }
}

function rulesOf(options: Options): KeepRules {
  const count = (name: string): number | undefined => {
    const value = options.wholeNumber(name)
    if (value === 0) throw usageFailure(`--${name} must be at least 1 (got 0)`)
    return value
  }
  const withinMs = options.duration('keep-within')
  const rules = {
    last: count('keep-last'),
    hourly: count('keep-hourly'),
    daily: count('keep-daily'),
    weekly: count('keep-weekly'),
    monthly: count('keep-monthly'),
    yearly: count('keep-yearly'),
    withinMs,
  }
  if (Object.values(rules).every((rule) => rule === undefined)) {
    throw usageFailure('prune needs a rule, such as --keep-last 7 or --keep-daily 14')
  }
  return rules
}

async function carryOut(
  decisions: readonly Decision<Backup>[],
  target: OpenTarget,
  calls: CallOptions,
  { options, session }: Invocation,
): Promise<void> {
  const { stdout, stderr, signal } = session
  const [isDry, isJson, isQuiet] = [options.flag('dry-run'), options.flag('json'), options.flag('quiet')]
  if (!isJson && !isQuiet) for (const line of tableOf(decisions)) stdout.line(line)
  const failures: unknown[] = []
  let [removed, bytes] = [0, 0]
  for (const { item, reasons } of decisions) {
    const { key, size, lastModified } = item.object
    const isKept = reasons.length > 0
    let isRemoved = false
    try {
      signal.throwIfAborted()
      if (!isKept && !isDry) await target.store.delete(key, calls)
      isRemoved = !isKept && !isDry
      if (!isKept) [removed, bytes] = [removed + 1, bytes + size]
    } catch (error) {
      signal.throwIfAborted()
      failures.push(error)
    }
    if (isJson) {
      const facts = {
        target: target.addressOf(key),
        key,
        size,
        lastModified,
        keep: isKept,
        reasons,
        removed: isRemoved,
      }
      stdout.json(facts)
    }
  }
  if (!isJson && !isQuiet) {
    const kept = decisions.filter(({ reasons }) => reasons.length > 0).length
    stdout.line(`${isDry ? 'would remove' : 'removed'} ${removed} (${formatByteSize(bytes)}), keeps ${kept}`)
  }
  const [first, ...others] = failures
  for (const error of others) stderr.line(`ossup: ${messageOf(error)}`)
  if (failures.length > 0) throw first
}

function tableOf(decisions: readonly Decision<Backup>[]): string[] {
  const rows = decisions.map(({ item, reasons }) => [
    reasons.length > 0 ? 'keep' : 'remove',
    formatByteSize(item.object.size),
    ageOf(item),
    reasons.join(', '),
    item.object.key,
  ])
  return rows.length === 0 ? [] : formatTable(COLUMNS, rows)
}
