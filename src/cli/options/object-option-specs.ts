/** Options of commands about objects that are stored. */
import type { OptionSpec } from './option-specs.js'

export const DRY_RUN: OptionSpec = { name: 'dry-run', help: 'only say which' }

export const NEWEST: OptionSpec = { name: 'newest', help: 'the newest object whose key begins with that of TARGET' }

export const HEAD_OPTIONS: readonly OptionSpec[] = [
  NEWEST,
  { name: 'older-than', value: 'TIME', help: 'end with status 7 when it is older: 30m, 26h, 7d' },
  { name: 'smaller-than', value: 'SIZE', help: 'end with status 7 when it is smaller, such as 1GB' },
]

export const LS_OPTIONS: readonly OptionSpec[] = [{ name: 'last', value: 'N', help: 'the newest N, 1 to 10000' }]

export const PRUNE_OPTIONS: readonly OptionSpec[] = [
  { name: 'keep-last', value: 'N', help: 'the newest N' },
  { name: 'keep-hourly', value: 'N', help: 'the newest of each of N hours that have one' },
  { name: 'keep-daily', value: 'N', help: 'the newest of each of N days' },
  { name: 'keep-weekly', value: 'N', help: 'the newest of each of N weeks' },
  { name: 'keep-monthly', value: 'N', help: 'the newest of each of N months' },
  { name: 'keep-yearly', value: 'N', help: 'the newest of each of N years' },
  { name: 'keep-within', value: 'TIME', help: 'all that were made so long before the newest: 30d' },
  DRY_RUN,
]
