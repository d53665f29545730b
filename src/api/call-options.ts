import { acceptSignal, checkFunction, checkNames, checkObject } from '../shared/check-option.js'
import type { CallContext, RetryNotice } from '../stores/store-driver.js'

/** Options of calls that send one request. */
export interface CallOptions {
  /** Cancels the call. */
  signal?: AbortSignal | undefined
  /** Called when an attempt failed and another one follows. Must not throw. */
  onRetry?: ((retry: RetryNotice) => void) | undefined
}

/** Returns the context of a call. Throws UploadError for options other than `signal`, `onRetry` and `furtherNames`. */
export function contextOf(options: CallOptions, furtherNames: readonly string[]): CallContext {
  checkNames('this call', checkObject('options', options), ['signal', 'onRetry', ...furtherNames])
  const { signal, onRetry } = options
  return {
    ...(signal === undefined ? {} : { signal: acceptSignal('signal', signal) }),
    ...(onRetry === undefined ? {} : { onRetry: checkFunction('onRetry', onRetry) }),
  }
}
