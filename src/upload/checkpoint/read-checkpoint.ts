import { UploadError } from '../../shared/errors.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { type Reading, readRecord } from './record.js'

/**
 * What is there, locked; undefined where nothing is. Throws UploadError where it is no checkpoint, or another upload has
 * it.
 */
export async function readCheckpoint(store: LockableStore): Promise<Exclude<Reading, { kind: 'foreign' }> | undefined> {
  const before = await store.read()
  if (isNothing(before)) return undefined
  // Before anything beside it is touched: what lies beside a file of others is theirs as well.
  ownReading(store, before)
  await store.lock()
  const text = await store.read()
  // Whoever had it has just finished.
  if (isNothing(text)) return undefined
  return ownReading(store, text)
}

function ownReading(store: LockableStore, text: string): Exclude<Reading, { kind: 'foreign' }> {
  const reading = readRecord(text)
  if (reading.kind !== 'foreign') return reading
  throw new UploadError(
    'INVALID_OPTION',
    `checkpoint must be a checkpoint of this library, or a path where no file is (got ${JSON.stringify(store.name)}: ${reading.why})`,
  )
}

/** An empty file has nothing to lose. */
export function isNothing(text: string | undefined): text is undefined | '' {
  return text === undefined || text === ''
}
