import { GiB, KiB } from '../../src/shared/byte-size.js'
import type { StoreLimits } from '../../src/stores/store-driver.js'

/** As OSS documents them, written down a second time: what is tested does not say what is right. */
export const OSS_LIMITS: StoreLimits = {
  minPartSize: 100 * KiB,
  maxPartSize: 5 * GiB,
  maxParts: 10_000,
  maxObjectSize: 10_000 * 5 * GiB,
  maxKeyBytes: 1023,
}
