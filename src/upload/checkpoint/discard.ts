import { invalidOption } from '../../shared/check-option.js'
import type { CallContext, StoreDriver } from '../../stores/store-driver.js'
import { checkpointStoreOf } from './checkpoint-option.js'
import { readCheckpoint } from './read-checkpoint.js'
import { isWithinReach } from './restart.js'

/**
 * Discards a checkpoint: aborts its upload, then removes the record. Resolves with whether there was one. Throws UploadError,
 * and keeps the record, if the upload belongs to another bucket or cannot be aborted.
 */
export async function discardCheckpoint(driver: StoreDriver, option: unknown, context: CallContext): Promise<boolean> {
  const store = checkpointStoreOf(option)
  try {
    const reading = await readCheckpoint(store)
    if (reading === undefined) return false
    if (reading.kind === 'record') {
      const { record } = reading
      if (!isWithinReach(record, driver)) {
        throw invalidOption('checkpoint', store.name, `must belong to this bucket, but belongs to ${record.location}`)
      }
      await driver.abortMultipartUpload(record, context)
    }
    await store.remove()
    return true
  } finally {
    await store.unlock()
  }
}
