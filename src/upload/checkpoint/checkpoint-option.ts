import { checkFunction, checkObject, invalidOption, reading } from '../../shared/check-option.js'
import { toError, UploadError } from '../../shared/errors.js'
import { CheckpointFile } from '../../checkpoint/checkpoint-file.js'
import type { CheckpointStore, LockableStore } from '../../checkpoint/checkpoint-store.js'
import { isUploadRecord } from './upload-record.js'

/** Returns the store of the option `checkpoint`. Throws UploadError if it is invalid. */
export function checkpointStoreOf(option: unknown): LockableStore {
  if (typeof option === 'string') {
    if (option === '' || option.includes('\0')) throw invalidOption('checkpoint', option, 'must be the path of a file')
    return new CheckpointFile(option, isUploadRecord)
  }
  if (typeof option !== 'object' || option === null) {
    throw invalidOption('checkpoint', option, 'must be the path of a file, or an object with read, write and remove')
  }
  const store = checkObject('checkpoint', option)
  for (const verb of ['read', 'write', 'remove']) {
    const name = `checkpoint.${verb}`
    checkFunction(
      name,
      reading(name, () => store[verb]),
    )
  }
  return new ForeignStore(store as unknown as CheckpointStore)
}

/** A store of the caller. Its errors become the cause of an UploadError. */
class ForeignStore implements LockableStore {
  readonly name = 'the checkpoint store'
  readonly #store: CheckpointStore

  constructor(store: CheckpointStore) {
    this.#store = store
  }

  async read(): Promise<string | undefined> {
    const text: unknown = await this.#call('read', async () => this.#store.read())
    if (text === undefined || text === null) return undefined
    if (typeof text === 'string') return text
    throw new UploadError('CHECKPOINT_FAILED', 'read() of the checkpoint store must resolve with a string or undefined')
  }

  async write(text: string): Promise<void> {
    await this.#call('write', async () => this.#store.write(text))
  }

  async remove(): Promise<void> {
    await this.#call('remove', async () => this.#store.remove())
  }

  async lock(): Promise<void> {
    // Its owner's business.
  }

  async unlock(): Promise<void> {
    // Its owner's business.
  }

  async #call<T>(verb: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      const cause = toError(error)
      throw new UploadError('CHECKPOINT_FAILED', `the checkpoint store failed to ${verb}: ${cause.message}`, { cause })
    }
  }
}
