/** Targets as people type them, and the stores behind them: what differs between services comes from their own entries. */
import { existsSync } from 'node:fs'
import { type ObjectStore, openStore, type Provider, type StoreOptions } from '../../index.js'
import { ENVIRONMENT_VARIABLES, splitTarget, TARGET_FORMS } from '../../internal.js'
import type { Options } from '../options/options.js'
import { usageFailure } from '../process/failure.js'
import { findAccess, variableOf } from './access.js'

interface Target {
  scheme: Provider
  /** Absent in `oss:///key`: then it comes from the environment. */
  bucket: string | undefined
  /** May be empty: then it is a bucket. Also the beginning of keys. */
  key: string
}

export interface OpenTarget {
  store: ObjectStore
  key: string
  /** The address of a key of the bucket, for messages. */
  addressOf(key: string): string
  /** The target as it was typed. */
  text: string
  /** What was given, or found in the environment or a file; undefined where the endpoint says it. */
  region: string | undefined
  /** Whether no proxy can be on the way. */
  isDirect: boolean
}

function parseTarget(text: string): Target {
  const { provider: scheme, bucket = '', key = '' } = splitTarget(text) ?? {}
  if (scheme === undefined) {
    // Most often a file whose target was forgotten: its name must not become a key.
    const advice = existsSync(text) ? `; TARGET comes first: ossup put oss://bucket/key ${text}` : ''
    throw usageFailure(`TARGET must be ${TARGET_FORMS} (got ${JSON.stringify(text)})${advice}`)
  }
  return { scheme, bucket: bucket === '' ? undefined : bucket, key }
}

/**
 * Opens the bucket of a target. What the environment says is given to the store in options: it is the command's own,
 * which need not be that of the process. Throws what says that the options do not fit.
 */
export function openTarget(
  text: string,
  options: Options,
  environment: NodeJS.ProcessEnv,
  defaults: { retryMs?: number } = {},
): OpenTarget {
  const { scheme, bucket, key } = parseTarget(text)
  if (bucket === undefined && variableOf(scheme, 'bucket', environment) === undefined) {
    const [variable = ''] = ENVIRONMENT_VARIABLES[scheme].bucket
    throw usageFailure(
      `TARGET ${JSON.stringify(text)} has no bucket: write ${scheme}://bucket/key${variable === '' ? '' : `, or set ${variable}`}`,
    )
  }
  const access = findAccess(scheme, bucket, options, environment)
  const isDirect = isLoopback(access.endpoint)
  const filled = {
    provider: scheme,
    ...access,
    network: options.text('network'),
    proxy: isDirect ? undefined : 'environment',
    maxMemory: options.byteSize('max-memory'),
    bandwidthLimit: options.byteSize('bandwidth-limit'),
    downloadBandwidthLimit: options.byteSize('bandwidth-limit'),
    signatureVersion: options.text('signature-version'),
    checksum: options.text('checksum'),
    retry: retryOf(options, defaults),
    timeouts: timeoutsOf(options),
  }
  const present: StoreOptions = Object.fromEntries(Object.entries(filled).filter(([, value]) => value !== undefined))
  // Values come from a command line: the library looks at each name and value before anything is sent.
  const store = openStore(present)
  return {
    store,
    key,
    addressOf: (name) => `${scheme}://${store.bucket}/${name}`,
    text,
    region: access.region,
    isDirect,
  }
}

function retryOf(options: Options, defaults: { retryMs?: number }): StoreOptions['retry'] {
  const retryMs = options.duration('retry-for') ?? defaults.retryMs
  const maxAttempts = options.wholeNumber('max-attempts')
  return {
    ...(retryMs === undefined ? {} : { totalMs: Math.round(retryMs), startMs: Math.round(retryMs) }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  }
}

function timeoutsOf(options: Options): StoreOptions['timeouts'] {
  const names = { connectMs: 'connect-timeout', answerMs: 'response-timeout', stallMs: 'stall-timeout' }
  const given = Object.entries(names).map(([option, name]) => [option, options.duration(name)] as const)
  return Object.fromEntries(given.flatMap(([option, ms]) => (ms === undefined ? [] : [[option, Math.round(ms)]])))
}

/** A service on this machine, which no proxy leads to: what curl needs `no_proxy` for is known here. */
function isLoopback(endpoint = ''): boolean {
  return /^(?:https?:\/\/)?(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?\/?$/i.test(endpoint)
}

/** An operation on one object, which a bucket alone does not name. */
export function openObject(text: string, options: Options, environment: NodeJS.ProcessEnv): OpenTarget {
  const target = openTarget(text, options, environment)
  if (target.key === '') throw usageFailure(`the target ${JSON.stringify(text)} has no key`)
  return target
}
