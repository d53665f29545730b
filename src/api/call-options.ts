import { acceptSignal, checkNames, checkObject } from '../shared/check-option.js'
import type { CallContext } from '../stores/store-driver.js'

/** For calls that are one request each. */
export interface CallOptions {
  /** Cancels the call. */
  signal?: AbortSignal | undefined
}

/** What goes along with the call. Throws UploadError where an option is none of `signal` and `furtherNames`. */
export function contextOf(options: CallOptions, furtherNames: readonly string[]): CallContext {
  checkNames('this call', checkObject('options', options), ['signal', ...furtherNames])
  return options.signal === undefined ? {} : { signal: acceptSignal('signal', options.signal) }
}
