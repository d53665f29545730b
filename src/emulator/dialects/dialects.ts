/** Selects the dialect of a request. All dialects share one port. */
import { type Provider, PROVIDER_NAMES } from '../../shared/provider.js'
import type { Call } from '../http/call.js'
import type { Dialect } from './dialect.js'
import { type BucketEncryption, obsDialect } from './obs/obs.js'
import { ossDialect } from './oss/oss.js'
import { s3Dialect } from './s3/s3.js'

export interface DialectOptions {
  /** The supported dialects. The first one handles requests whose signature matches none of them. */
  readonly providers: readonly Provider[]
  /** Whether OBS verifies and returns CRC-64, as newer clusters do. */
  readonly obsChecksums: boolean
  /** The default encryption of OBS buckets. */
  readonly obsEncryption?: BucketEncryption | undefined
}

/** Returns the dialect of a request. */
export type DialectFinder = (call: Call | undefined) => Dialect

const DIALECTS: Readonly<Record<Provider, (options: DialectOptions) => readonly Dialect[]>> = {
  oss: () => [ossDialect],
  obs: ({ providers, obsChecksums, obsEncryption: encryption }) => {
    const options = { checksums: obsChecksums, encryption, takesSigV4: !providers.includes('s3') }
    return [obsDialect({ ...options, mode: 'obs' }), obsDialect({ ...options, mode: 'aws' })]
  },
  s3: () => [s3Dialect],
}

/** @throws RangeError if `providers` is empty or contains an unknown name. */
export function dialectFinder(options: DialectOptions): DialectFinder {
  const dialects = options.providers.flatMap((provider) => dialectsOf(provider, options))
  const [first] = dialects
  if (first === undefined) throw new RangeError(`providers must name at least one of ${PROVIDER_NAMES.join(', ')}`)
  // Dialects that accept every request with a signature that others share come last.
  const asked = [...dialects].sort((a, b) => Number(a.isCatchAll) - Number(b.isCatchAll))
  return (call) => (call === undefined ? undefined : asked.find((dialect) => dialect.speaks(call))) ?? first
}

function dialectsOf(provider: Provider, options: DialectOptions): readonly Dialect[] {
  if (Object.hasOwn(DIALECTS, provider)) return DIALECTS[provider](options)
  throw new RangeError(`providers must be of ${PROVIDER_NAMES.join(', ')}, not ${provider as string}`)
}
