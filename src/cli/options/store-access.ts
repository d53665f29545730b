/** Targets as people type them, and the stores behind them: what differs between services comes from their own entries. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type ObjectStore, openStore, type Provider, type StoreOptions } from '../../index.js'
import { PROVIDER_NAMES } from '../../shared/provider.js'
import { PROVIDERS } from '../../stores/providers.js'
import { usageFailure } from '../process/failure.js'
import type { Options } from './options.js'
import { type OssutilConfig, readOssutilConfig } from './ossutil-config.js'

/** Whose configuration file is that of ossutil. */
const WITH_OSSUTIL: Provider = 'oss'

export const SCHEME_NAMES: readonly string[] = PROVIDER_NAMES

interface Target {
  scheme: Provider
  /** Absent where the environment tells it. */
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

function parseTarget(text: string, environment: NodeJS.ProcessEnv): Target {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? []
  const hasBucket = (environment['OSS_BUCKET'] ?? '') !== ''
  if (scheme === undefined && hasBucket) return { scheme: 'oss', bucket: undefined, key: text }
  const [, bucket = '', key = ''] = /^([^/]*)\/?(.*)$/s.exec(rest) ?? []
  if (scheme === undefined || !isScheme(scheme) || bucket === '') {
    const accepted = PROVIDER_NAMES.map((name) => `${name}://bucket/key`)
    throw usageFailure(`the target is ${JSON.stringify(text)}: accepted is ${accepted.join(', ')}`)
  }
  return { scheme, bucket, key }
}

/** Opens the bucket of a target. Throws what says that the options do not fit. */
export function openTarget(text: string, options: Options, environment: NodeJS.ProcessEnv): OpenTarget {
  const { scheme, bucket, key } = parseTarget(text, environment)
  const given = {
    provider: scheme,
    bucket,
    region: options.text('region'),
    endpoint: options.text('endpoint'),
    addressing: options.text('addressing'),
    network: options.text('network'),
    bandwidthLimit: options.byteSize('bandwidth-limit'),
  }
  const retryMs = options.duration('retry-for')
  const retry = retryMs === undefined ? undefined : { totalMs: Math.round(retryMs), startMs: Math.round(retryMs) }
  const config = configFor(scheme, options, environment)
  const filled = { ...given, retry, ...(config === undefined ? {} : fromConfig(config, given, environment)) }
  const present: StoreOptions = Object.fromEntries(Object.entries(filled).filter(([, value]) => value !== undefined))
  // Values come from a command line: the library looks at each name and value before anything is sent.
  const store = openStore(present)
  return { store, key, addressOf: (name) => `${scheme}://${store.bucket}/${name}`, text }
}

/** An operation on one object, which a bucket alone does not name. */
export function openObject(text: string, options: Options, environment: NodeJS.ProcessEnv): OpenTarget {
  const target = openTarget(text, options, environment)
  if (target.key === '') throw usageFailure(`the target ${JSON.stringify(text)} has no key`)
  return target
}

/** What must never be shown: everything that credentials may be made of here. */
export function secretsIn(environment: NodeJS.ProcessEnv, options: Options | undefined): string[] {
  const names = Object.keys(environment).filter((name) => /SECRET|TOKEN|ACCESS_KEY/.test(name))
  const secrets = names.map((name) => environment[name] ?? '').filter((value) => value.length >= 8)
  try {
    const config = options === undefined ? undefined : readOssutilConfig(configPath(options, environment))
    const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = config?.credentials ?? {}
    return [...secrets, accessKeyId, accessKeySecret, securityToken]
  } catch {
    // A file that cannot be read has given nothing away.
    return secrets
  }
}

function isScheme(scheme: string): scheme is Provider {
  return PROVIDER_NAMES.some((name) => name === scheme)
}

function configPath(options: Options, environment: NodeJS.ProcessEnv): string {
  return options.text('config') ?? join(environment['HOME'] ?? homedir(), '.ossutilconfig')
}

/** The file counts where it was asked for, or where the environment has no credentials: never half of each. */
function configFor(scheme: Provider, options: Options, environment: NodeJS.ProcessEnv): OssutilConfig | undefined {
  const asked = options.text('config')
  const hasKeys = PROVIDERS[scheme].environment.accessKeyId.some((name) => (environment[name] ?? '') !== '')
  if (scheme !== WITH_OSSUTIL || (asked === undefined && hasKeys)) return undefined
  const config = readOssutilConfig(configPath(options, environment))
  if (config === undefined && asked !== undefined) throw usageFailure(`there is no file ${asked}`)
  return config
}

/** As ossutil does: what is typed first, then the bucket's domain, the bucket's endpoint, the endpoint. */
function fromConfig(
  config: OssutilConfig,
  given: {
    bucket: string | undefined
    region: string | undefined
    endpoint: string | undefined
    addressing: string | undefined
  },
  environment: NodeJS.ProcessEnv,
): Record<string, unknown> {
  const bucket = given.bucket ?? environment['OSS_BUCKET'] ?? ''
  const isTold = given.endpoint !== undefined || (environment['OSS_ENDPOINT'] ?? '') !== ''
  const cname = isTold ? undefined : config.bucketCnames.get(bucket)
  const endpoint = isTold ? given.endpoint : (cname ?? config.bucketEndpoints.get(bucket) ?? config.endpoint)
  const region = given.region ?? ((environment['OSS_REGION'] ?? '') === '' ? config.region : undefined)
  const addressing = given.addressing ?? (cname === undefined ? undefined : 'cname')
  return { credentials: config.credentials, endpoint, region, addressing }
}
