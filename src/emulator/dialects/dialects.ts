/** The dialects the emulator speaks, all of them on one port. */
import type { Call } from '../http/call.js'
import type { Dialect, Provider } from './dialect.js'
import { obsDialect } from './obs/obs.js'
import { ossDialect } from './oss/oss.js'
import { s3Dialect } from './s3/s3.js'

export interface DialectOptions {
  /** Those that are spoken; a request that is signed like none of them is answered in the first. */
  readonly providers: readonly Provider[]
  /** Whether OBS verifies and tells CRC-64, as newer clusters do. */
  readonly obsChecksums: boolean
}

/** Tells in which dialect a request is. */
export type DialectFinder = (call: Call | undefined) => Dialect

/** @throws RangeError when there is none, or one that does not exist. */
export function dialectFinder(options: DialectOptions): DialectFinder {
  const dialects = options.providers.flatMap((provider) => dialectsOf(provider, options))
  const [first] = dialects
  if (first === undefined) throw new RangeError('providers must name at least one of oss, obs and s3')
  // S3 comes last: it takes every SigV4 request, of which OBS claims some.
  const asked = [...dialects.filter(({ name }) => name !== 's3'), ...dialects.filter(({ name }) => name === 's3')]
  return (call) => (call === undefined ? undefined : asked.find((dialect) => dialect.speaks(call))) ?? first
}

function dialectsOf(provider: Provider, { providers, obsChecksums }: DialectOptions): Dialect[] {
  switch (provider) {
    case 'oss':
      return [ossDialect]
    case 'obs': {
      const options = { checksums: obsChecksums, takesSigV4: !providers.includes('s3') }
      return [obsDialect({ ...options, mode: 'obs' }), obsDialect({ ...options, mode: 'aws' })]
    }
    case 's3':
      return [s3Dialect]
    default:
      throw new RangeError(`providers must be of oss, obs and s3, not ${String(provider)}`)
  }
}
