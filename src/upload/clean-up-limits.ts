import type { CallContext } from '../stores/store-driver.js'

/**
 * How long aborting a multipart upload may take, after a failure and before a restart. One attempt without a response must
 * not use up the time of the others.
 */
export const CLEAN_UP_LIMITS: Required<Pick<CallContext, 'retryTotalMs' | 'attemptMs'>> = {
  retryTotalMs: 60_000,
  attemptMs: 20_000,
}
