/** Targets as people type them, and the stores behind them: what differs between services comes from their own entries. */
import { existsSync } from 'node:fs'
import { type ObjectStore, openStore, type Provider, type StoreOptions } from '../../index.js'
import { ENVIRONMENT_VARIABLES, type EnvironmentOption, PROVIDER_NAMES } from '../../internal.js'
import { usageFailure } from '../process/failure.js'
import type { Options } from '../options/options.js'
import { configPath, type OssutilConfig, readOssutilConfig } from './ossutil-config.js'

/** Whose configuration file is that of ossutil. */
const WITH_OSSUTIL: Provider = 'oss'

interface Target {
  scheme: Provider
  /** Absent in `oss:///key`, where the environment says it. */
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
}

function parseTarget(text: string): Target {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  if (scheme === undefined || !isScheme(scheme)) {
    const accepted = PROVIDER_NAMES.map((name) => `${name}://bucket/key`)
    // Most often a file whose target was forgotten: its name must not become a key.
    const advice = existsSync(text) ? `; TARGET comes first: ossup put oss://bucket/key ${text}` : ''
    throw usageFailure(`TARGET must be ${accepted.join(', ')} (got ${JSON.stringify(text)})${advice}`)
  }
  const [, bucket = '', key = ''] = /^([^/]*)\/?(.*)$/s.exec(rest) ?? []
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
  const variables = variablesOf(scheme, environment)
  if (bucket === undefined && variables.bucket === undefined) {
    const [variable = ''] = ENVIRONMENT_VARIABLES[scheme].bucket
    throw usageFailure(
      `TARGET ${JSON.stringify(text)} has no bucket: write ${scheme}://bucket/key${variable === '' ? '' : `, or set ${variable}`}`,
    )
  }
  const given = {
    provider: scheme,
    bucket: bucket ?? variables.bucket,
    region: options.text('region') ?? variables.region,
    endpoint: options.text('endpoint') ?? variables.endpoint,
    addressing: options.text('addressing'),
    network: options.text('network'),
    maxMemory: options.byteSize('max-memory'),
    bandwidthLimit: options.byteSize('bandwidth-limit'),
    downloadBandwidthLimit: options.byteSize('bandwidth-limit'),
    credentials: variables.credentials,
  }
  const retryMs = options.duration('retry-for') ?? defaults.retryMs
  const retry = retryMs === undefined ? undefined : { totalMs: Math.round(retryMs), startMs: Math.round(retryMs) }
  const config = configFor(scheme, options, environment)
  const filled = { ...given, retry, ...(config === undefined ? {} : fromConfig(config, given)) }
  const present: StoreOptions = Object.fromEntries(Object.entries(filled).filter(([, value]) => value !== undefined))
  // Values come from a command line: the library looks at each name and value before anything is sent.
  const store = openStore(present)
  return { store, key, addressOf: (name) => `${scheme}://${store.bucket}/${name}`, text }
}

/** What the service's variables say; one that is empty counts as absent. Half a pair of keys is left to the store to refuse. */
function variablesOf(scheme: Provider, environment: NodeJS.ProcessEnv) {
  const names = ENVIRONMENT_VARIABLES[scheme]
  const valueOf = (option: EnvironmentOption): string | undefined =>
    names[option].map((name) => environment[name]).find((value) => value !== undefined && value !== '')
  const accessKeyId = valueOf('accessKeyId')
  const accessKeySecret = valueOf('accessKeySecret')
  const credentials =
    accessKeyId === undefined || accessKeySecret === undefined
      ? undefined
      : { accessKeyId, accessKeySecret, securityToken: valueOf('securityToken') }
  return {
    bucket: valueOf('bucket'),
    region: valueOf('region'),
    endpoint: valueOf('endpoint'),
    accessKeyId,
    credentials,
  }
}

/** An operation on one object, which a bucket alone does not name. */
export function openObject(text: string, options: Options, environment: NodeJS.ProcessEnv): OpenTarget {
  const target = openTarget(text, options, environment)
  if (target.key === '') throw usageFailure(`the target ${JSON.stringify(text)} has no key`)
  return target
}

function isScheme(scheme: string): scheme is Provider {
  return PROVIDER_NAMES.some((name) => name === scheme)
}

/** The file counts where it was asked for, or where the environment has no credentials: never half of each. */
function configFor(scheme: Provider, options: Options, environment: NodeJS.ProcessEnv): OssutilConfig | undefined {
  const profile = options.text('profile')
  if (profile !== undefined && scheme !== WITH_OSSUTIL) {
    throw usageFailure(`--profile is one of ossutil, and goes with ${WITH_OSSUTIL}:// alone`)
  }
  const path = configPath(options, environment)
  const isAsked = options.text('config') !== undefined || profile !== undefined
  const hasKeys = variablesOf(scheme, environment).accessKeyId !== undefined
  if (scheme !== WITH_OSSUTIL || (!isAsked && hasKeys)) return undefined
  const config = readOssutilConfig(path, profile)
  if (config === undefined && isAsked) throw usageFailure(`there is no file ${path ?? '~/.ossutilconfig'}`)
  return config
}

/** As ossutil does: what is typed first, then the bucket's domain, the bucket's endpoint, the endpoint. */
function fromConfig(
  config: OssutilConfig,
  given: Readonly<Record<'bucket' | 'region' | 'endpoint' | 'addressing', string | undefined>>,
): Record<string, unknown> {
  const { bucket = '', region = config.region } = given
  const cname = given.endpoint === undefined ? config.bucketCnames.get(bucket) : undefined
  const endpoint = given.endpoint ?? cname ?? config.bucketEndpoints.get(bucket) ?? config.endpoint
  const addressing = given.addressing ?? (cname === undefined ? config.addressing : 'cname')
  return { credentials: config.credentials, endpoint, region, addressing }
}
