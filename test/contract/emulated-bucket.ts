import { type EmulatorOptions, startEmulator } from '../../src/emulator/index.js'
import { openStore, type Provider } from '../../src/index.js'
import { type ContractBucket, type ContractTraits, USUAL_TRAITS } from './contract-bucket.js'

const MIN_PART_SIZES: Record<Provider, number> = { oss: 100 * 1024, obs: 100 * 1024, s3: 5 * 1024 * 1024 }

/** A bucket of the emulator, which speaks as the provider does. */
export async function emulatedBucket(
  provider: Provider,
  {
    traits = {},
    store = {},
    emulator = {},
  }: {
    traits?: Partial<ContractTraits>
    /** The provider's own options. */
    store?: object
    emulator?: EmulatorOptions
  } = {},
): Promise<ContractBucket> {
  const running = await startEmulator({ buckets: ['test-bucket'], providers: [provider], ...emulator })
  return {
    provider,
    minPartSize: MIN_PART_SIZES[provider],
    traits: { ...USUAL_TRAITS, ...traits },
    open: (options = {}) =>
      openStore({
        provider,
        bucket: 'test-bucket',
        region: running.region,
        endpoint: running.endpoint,
        credentials: running.credentials,
        retry: { maxAttempts: 3, baseDelayMs: 1, maxDelayMs: 20 },
        ...store,
        ...options,
      }),
    close: () => running.close(),
  }
}
