import type { CallOptions } from '../../index.js'
import type { Options } from '../options/options.js'
import { adviceFor } from '../process/failure.js'
import type { Session } from '../process/session.js'
import { retryText } from './plain-progress.js'

/**
 * Returns the options of all calls of a command. The first attempt of any of them that fails is noted on standard error, with what
 * to do about it: without a word, a command that waits for a service seems to hang.
 */
export function noteFirstRetry({ signal, stderr }: Session, options: Options): CallOptions & { signal: AbortSignal } {
  let isNoted = options.flag('quiet')
  return {
    signal,
    onRetry: (retry) => {
      if (isNoted) return
      isNoted = true
      stderr.line(`ossup: ${retryText(retry)}`)
      for (const advice of adviceFor(retry.reason)) stderr.line(`  ${advice}`)
    },
  }
}
