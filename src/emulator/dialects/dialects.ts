/** The dialects the emulator speaks, all of them on one port. */
import type { Call } from '../http/call.js'
import type { Dialect, Provider } from './dialect.js'
import { ossDialect } from './oss/oss.js'
import { s3Dialect } from './s3/s3.js'

export interface DialectOptions {
  /** Those that are spoken; a request that is signed like none of them is answered in the first. */
  readonly providers: readonly Provider[]
}

/** Tells in which dialect a request is. */
export type DialectFinder = (call: Call | undefined) => Dialect

/** @throws RangeError when there is none, or one that does not exist. */
export function dialectFinder({ providers }: DialectOptions): DialectFinder {
  const dialects = providers.flatMap((provider) => dialectsOf(provider))
  const [first] = dialects
  if (first === undefined) throw new RangeError('providers must name at least one of oss, obs and s3')
  return (call) => (call === undefined ? undefined : dialects.find((dialect) => dialect.speaks(call))) ?? first
}

function dialectsOf(provider: Provider): Dialect[] {
  switch (provider) {
    case 'oss':
      return [ossDialect]
    case 's3':
      return [s3Dialect]
    default:
      throw new RangeError(`providers must be of oss, obs and s3, not ${provider}`)
  }
}
