/** Parses targets of the command line and opens their stores. What differs between services is in the providers' entries. */
import { existsSync } from 'node:fs'
import { type ObjectStore, openStore, type Provider, type StoreOptions } from '../../index.js'
import { ENVIRONMENT_VARIABLES, splitTarget, TARGET_FORMS } from '../../internal.js'
import type { Options } from '../options/options.js'
import { usageFailure } from '../process/failure.js'
import { findAccess, variableOf } from './access.js'

interface Target {
  scheme: Provider
  /** Absent in `oss:///key`: then the environment provides it. */
  bucket: string | undefined
  /** The key, or a prefix of keys. If empty, the target is the bucket. */
  key: string
}

export interface OpenTarget {
  store: ObjectStore
  key: string
  /** The address of a key of the bucket, for messages. */
  addressOf(key: string): string
  /** The target as it was typed. */
  text: string
  /** From the command line, the environment or a file; undefined if the endpoint contains it. */
  region: string | undefined
  /** Whether requests cannot go through a proxy. */
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
 * Opens the bucket of a target. Passes values of the environment to the store as options, because the environment of the command may
 * differ from that of the process. Throws if the options are invalid together.
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
  // Values come from a command line: the library checks each name and value before anything is sent.
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

/** Returns whether the service is on this machine, which no proxy can reach: `no_proxy` is not needed for it. */
function isLoopback(endpoint = ''): boolean {
  return /^(?:https?:\/\/)?(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?\/?$/i.test(endpoint)
}

/** Refuses a target without a key, for an operation on one object. */
export function openObject(text: string, options: Options, environment: NodeJS.ProcessEnv): OpenTarget {
  const target = openTarget(text, options, environment)
  if (target.key === '') throw usageFailure(`the target ${JSON.stringify(text)} has no key`)
  return target
}
