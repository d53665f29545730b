import type { CallOptions } from '../../index.js'
import type { Options } from '../options/options.js'
import { adviceFor } from '../process/failure.js'
import type { Session } from '../process/session.js'
import { retryText } from './plain-progress.js'

/**
 * Returns the options of all calls of a command. Writes the first failed attempt on standard error, with advice: otherwise a command that
 * waits for a service would seem to hang.
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
