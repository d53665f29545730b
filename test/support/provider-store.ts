import type { TestContext } from 'node:test'
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/index.js'
import { ObjectStore, openStore, type ObsStoreOptions, type S3StoreOptions } from '../../src/index.js'

export interface ProviderStore {
  emulator: Emulator
  store: ObjectStore
  /** Opens one more store with the same options, which knows nothing of what the first one has learned. */
  openAnother: () => ObjectStore
}

/** An emulator and a store of that provider on it, both gone when the test ends. */
export async function providerStore(
  t: Pick<TestContext, 'after'>,
  options: S3StoreOptions | ObsStoreOptions,
  emulatorOptions: EmulatorOptions = {},
): Promise<ProviderStore> {
  const emulator = await startEmulator({ region: 'eu-test-1', ...emulatorOptions })
  const { region, endpoint, credentials } = emulator
  const common = {
    bucket: 'test-bucket',
    region,
    endpoint,
    credentials,
    retry: { maxAttempts: 8, baseDelayMs: 1, maxDelayMs: 20 },
  }
  const stores: ObjectStore[] = []
  const openAnother = (): ObjectStore => {
    const opened =
      options.provider === 's3' ? openStore({ ...common, ...options }) : openStore({ ...common, ...options })
    stores.push(opened)
    return opened
  }
  t.after(async () => {
    for (const opened of stores) await opened.close()
    await emulator.close()
  })
  return { emulator, store: openAnother(), openAnother }
}
