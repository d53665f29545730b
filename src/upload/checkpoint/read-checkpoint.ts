import { UploadError } from '../../shared/errors.js'
import type { LockableStore } from './checkpoint-store.js'
import { type Reading, readRecord } from './record.js'

/**
 * What is there, locked; undefined where nothing is. Throws UploadError where it is no checkpoint, or another upload has
 * it.
 */
export async function readCheckpoint(store: LockableStore): Promise<Exclude<Reading, { kind: 'foreign' }> | undefined> {
  if (isNothing(await store.read())) return undefined
  await store.lock()
  const text = await store.read()
  // Whoever had it has just finished.
  if (isNothing(text)) return undefined
  const reading = readRecord(text)
  if (reading.kind !== 'foreign') return reading
  throw new UploadError(
    'INVALID_OPTION',
    `checkpoint is ${JSON.stringify(store.name)}: accepted is a place where nothing is, or a checkpoint of this library; ${reading.why}`,
  )
}

/** An empty file has nothing to lose. */
export function isNothing(text: string | undefined): text is undefined | '' {
  return text === undefined || text === ''
}
