import { acceptSignal, checkFunction, checkNames, checkObject } from '../shared/check-option.js'
import type { CallContext, RetryNotice } from '../stores/store-driver.js'

/** For calls that are one request each. */
export interface CallOptions {
  /** Cancels the call. */
  signal?: AbortSignal | undefined
  /** Is called when an attempt has failed and another one follows. Must not throw. */
  onRetry?: ((retry: RetryNotice) => void) | undefined
}

/** What goes along with the call. Throws UploadError where an option is none of `signal`, `onRetry` and `furtherNames`. */
export function contextOf(options: CallOptions, furtherNames: readonly string[]): CallContext {
  checkNames('this call', checkObject('options', options), ['signal', 'onRetry', ...furtherNames])
  const { signal, onRetry } = options
  return {
    ...(signal === undefined ? {} : { signal: acceptSignal('signal', signal) }),
    ...(onRetry === undefined ? {} : { onRetry: checkFunction('onRetry', onRetry) }),
  }
}
