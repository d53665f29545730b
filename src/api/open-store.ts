import { crc64Engine } from '../checksum/engine.js'
import { CredentialsSource } from '../credentials/credentials-source.js'
import { BandwidthLimiter } from '../http/bandwidth-limiter.js'
import { Transport } from '../http/transport.js'
import { BufferPool } from '../memory/buffer-pool.js'
import { RestDriver } from '../stores/rest-driver.js'
import { Presigner } from '../stores/presigner.js'
import { ServiceClock } from '../stores/request/remedies.js'
import { ObjectStore } from './object-store.js'
import { resolveStoreOptions, type StoreOptions } from './store-options.js'

/**
 * Opens a bucket of OSS, or of the service in `provider`. Options that are absent come from the environment: `OSS_REGION`,
 * `OSS_BUCKET`, `OSS_ENDPOINT`, `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET`, `OSS_SESSION_TOKEN`, and similar ones for OBS
 * and S3. Sends nothing. Throws UploadError with `INVALID_OPTION` or `MISSING_CREDENTIALS`.
 */
export function openStore(options: StoreOptions = {}): ObjectStore {
  const resolved = resolveStoreOptions(options, process.env)
  const credentials = new CredentialsSource(resolved.credentials)
  const { dialect, retry, timeouts, maxMemory, dispatcher, proxy } = resolved
  const limiter = limiterOf(resolved.bandwidthLimit)
  const downloadLimiter = limiterOf(resolved.downloadBandwidthLimit)
  const transport = new Transport(timeouts, { dispatcher, proxy, limiter, downloadLimiter })
  const clock = new ServiceClock()
  const driver = new RestDriver({ dialect, transport, credentials, retry, clock, answerMs: timeouts.answerMs })
  const pool = new BufferPool(crc64Engine(), maxMemory)
  return new ObjectStore(driver, pool, new Presigner({ dialect, credentials, clock }))
}

function limiterOf(bytesPerSecond: number | undefined): BandwidthLimiter | undefined {
  return bytesPerSecond === undefined ? undefined : new BandwidthLimiter(bytesPerSecond)
}
