import { acceptSignal, checkFunction, takeOptions } from '../shared/check-option.js'
import type { CallContext, RetryNotice } from '../stores/store-driver.js'

/** Options of calls that send one request. */
export interface CallOptions {
  /** Cancels the call. */
  signal?: AbortSignal | undefined
  /** Called when an attempt failed and another one follows. Must not throw. */
  onRetry?: ((retry: RetryNotice) => void) | undefined
}

/** Returns a copy of the options. Throws UploadError for other names than `signal`, `onRetry` and `furtherNames`. */
export function takeCallOptions<T extends CallOptions>(options: T, furtherNames: readonly string[]): T {
  return takeOptions('this call', options, ['signal', 'onRetry', ...furtherNames])
}

/** Returns the context of a call with these options. Throws UploadError. */
export function contextOf({ signal, onRetry }: CallOptions): CallContext {
  return {
    ...(signal === undefined ? {} : { signal: acceptSignal('signal', signal) }),
    ...(onRetry === undefined ? {} : { onRetry: checkFunction('onRetry', onRetry) }),
  }
}
