/** The dialects the emulator speaks, all of them on one port. */
import type { Call } from '../http/call.js'
import type { Dialect } from './dialect.js'
import { ossDialect } from './oss/oss.js'

const dialects: readonly Dialect[] = [ossDialect]

/** The one the request is signed in; OSS where it is not signed at all. */
export function dialectOf(call: Call): Dialect {
  return dialects.find((dialect) => dialect.speaks(call)) ?? ossDialect
}
