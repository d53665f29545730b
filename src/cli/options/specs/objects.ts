/** Options of commands about what is stored. */
import { grouped, type OptionSpec } from './option-spec.js'
import { CUSTOMER_KEY } from './store.js'

const OPTIONS = 'Options'

const UPLOAD_ID = { name: 'upload-id', value: 'ID', help: 'which upload' } as const
const DRY_RUN = { name: 'dry-run', help: 'only say which' } as const

export const HEAD_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [
  { name: 'newest', help: 'the newest object whose key begins with that of TARGET' },
  { name: 'older-than', value: 'TIME', help: 'end with status 7 when it is older: 30m, 26h, 7d' },
  { name: 'smaller-than', value: 'SIZE', help: 'end with status 7 when it is smaller, such as 1GB' },
  CUSTOMER_KEY,
])

export const LS_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [
  { name: 'last', value: 'N', help: 'the newest N, 1 to 10000' },
])

export const RM_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [DRY_RUN])

export const PRESIGN_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [
  { name: 'put', help: 'a link that stores an object, instead of one that reads it' },
  { name: 'expires-in', value: 'TIME', help: 'valid for so long, 1s to 7d (default 1h)' },
  { name: 'content-type', value: 'TYPE', help: 'with --put: the Content-Type that the request must have' },
])

export const PRUNE_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [
  { name: 'keep-last', value: 'N', help: 'the newest N' },
  { name: 'keep-hourly', value: 'N', help: 'the newest of each of N hours that have one' },
  { name: 'keep-daily', value: 'N', help: 'the newest of each of N days' },
  { name: 'keep-weekly', value: 'N', help: 'the newest of each of N weeks' },
  { name: 'keep-monthly', value: 'N', help: 'the newest of each of N months' },
  { name: 'keep-yearly', value: 'N', help: 'the newest of each of N years' },
  { name: 'keep-within', value: 'TIME', help: 'all that were made so long before the newest: 30d' },
  DRY_RUN,
])

export const UPLOADS_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [
  { name: 'long', help: 'also the id of each upload' },
])

export const PARTS_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [UPLOAD_ID])

export const ABORT_OPTIONS: readonly OptionSpec[] = grouped(OPTIONS, [
  UPLOAD_ID,
  { name: 'older-than', value: 'TIME', help: 'all whose key begins with the one of TARGET: 30m, 24h, 7d' },
  DRY_RUN,
])
