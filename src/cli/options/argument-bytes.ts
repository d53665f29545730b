/** Checks the bytes of arguments: Node.js replaces bytes that are not UTF-8, so two names could become one. */
import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { oneLine } from '../../internal.js'
import { usageFailure } from '../process/failure.js'

const REPLACEMENT = '\uFFFD'

/**
 * Refuses an argument that is not UTF-8. `readCommandLine` returns the bytes of the process's arguments; by default it
 * reads them from `/proc`, and if there is none, any argument with a replacement character is refused.
 *
 * @throws {Failure}
 */
export function refuseForeignBytes(args: readonly string[], readCommandLine: () => Buffer = ownCommandLine): void {
  const replaced = args.find((arg) => arg.includes(REPLACEMENT))
  if (replaced === undefined || isWhole(readCommandLine)) return
  throw usageFailure(
    `${JSON.stringify(oneLine(replaced, 200))} is not UTF-8: names of objects and files must be; rename it, or pipe its content`,
  )
}

function isWhole(readCommandLine: () => Buffer): boolean {
  try {
    return isUtf8(readCommandLine())
  } catch {
    return false
  }
}

function ownCommandLine(): Buffer {
  return readFileSync('/proc/self/cmdline')
}
