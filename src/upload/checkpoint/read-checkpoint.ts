import { UploadError } from '../../shared/errors.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { type Reading, readRecord } from './upload-record.js'

/**
 * Locks and reads a checkpoint. Resolves with undefined if there is none. Throws UploadError if it is no checkpoint, or another
 * upload is using it.
 */
export async function readCheckpoint(store: LockableStore): Promise<Exclude<Reading, { kind: 'foreign' }> | undefined> {
  const before = await store.read()
  if (isNothing(before)) return undefined
  // Before touching any file beside it: files beside a file of another program belong to that program.
  ownReading(store, before)
  await store.lock()
  const text = await store.read()
  // The previous holder has just finished.
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

/** Returns whether there is no record. An empty file may be overwritten. */
export function isNothing(text: string | undefined): text is undefined | '' {
  return text === undefined || text === ''
}
