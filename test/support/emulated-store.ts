import type { TestContext } from 'node:test'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.js'
import { ObjectStore, openStore, type OssStoreOptions } from '../../src/index.js'

export interface EmulatedStore {
  emulator: Emulator
  store: ObjectStore
  /** Another store on the same bucket. */
  open: (options?: OssStoreOptions) => ObjectStore
}

/** An emulator and a store on it, both gone when the test ends. Retries without waiting long. */
export async function emulatedStore(
  t: Pick<TestContext, 'after'>,
  options: { emulator?: EmulatorOptions; store?: OssStoreOptions } = {},
): Promise<EmulatedStore> {
  const emulator = await startEmulator(options.emulator)
  const stores: ObjectStore[] = []
  t.after(async () => {
    await Promise.all(stores.map((store) => store.close()))
    await emulator.close()
  })
  const open = (further: OssStoreOptions = {}): ObjectStore => {
    const store = openStore({
      bucket: 'test-bucket',
      region: emulator.region,
      endpoint: emulator.endpoint,
      credentials: emulator.credentials,
      retry: { maxAttempts: 8, baseDelayMs: 1, maxDelayMs: 20 },
      ...options.store,
      ...further,
    })
    stores.push(store)
    return store
  }
  return { emulator, store: open(), open }
}

/** The keys of unfinished uploads. */
export async function unfinishedUploads(store: ObjectStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.listMultipartUploads()) keys.push(key)
  return keys
}

export async function exists(store: ObjectStore, key: string): Promise<boolean> {
  try {
    await store.head(key)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'NOT_FOUND') return false
    throw error
  }
}
