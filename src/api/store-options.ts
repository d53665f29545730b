import type { CredentialsOption } from '../credentials/credentials-source.js'
import { type Proxy, type ProxyOption, proxyOf } from '../http/proxy.js'
import { MIN_BANDWIDTH } from '../http/bandwidth-limiter.js'
import { DEFAULT_TIMEOUTS, type Dispatcher, type TimeoutOptions } from '../http/transport.js'
import { DEFAULT_RETRY, type RetryOptions, type RetryPolicy, retryPolicy } from '../shared/backoff.js'
import { MiB } from '../shared/byte-size.js'
import {
  checkInteger,
  checkObject,
  checkOneOf,
  checkString,
  invalidOption,
  reading,
  takeNested,
  takeOptions,
} from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import { ENVIRONMENT_VARIABLES, type EnvironmentOption, type Provider, PROVIDER_NAMES } from '../shared/provider.js'
import type { Dialect } from '../stores/dialect.js'
import { dialectFor, type OwnOptions, PROVIDERS } from '../stores/providers.js'

/** Options of all stores. */
export interface CommonStoreOptions {
  /** Name of the bucket. Default: the environment variable `OSS_BUCKET` or `OBS_BUCKET`, by provider. */
  bucket?: string | undefined
  /**
   * Region ID. Default: the environment variable `OSS_REGION`, `OBS_REGION`, `AWS_REGION` or `AWS_DEFAULT_REGION`; else the
   * region in `endpoint`; else `us-east-1` for S3.
   */
  region?: string | undefined
  /**
   * Host, or URL of scheme, host and port; with S3, of a path as well. HTTPS is used unless it starts with `http://`. Default: the environment variable
   * `OSS_ENDPOINT`, `OBS_ENDPOINT`, `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`; else the endpoint of the region.
   */
  endpoint?: string | undefined
  /**
   * Credentials, or a function that returns them. Default: the environment variables `OSS_ACCESS_KEY_ID`,
   * `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`; `OBS_ACCESS_KEY_ID`, `OBS_SECRET_ACCESS_KEY` and `OBS_SECURITY_TOKEN`;
   * `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
   */
  credentials?: CredentialsOption | undefined
  /** How requests are retried. */
  retry?: Partial<RetryOptions> | undefined
  /** Time limits for the steps of a request. There is none for the whole request. */
  timeouts?: Partial<TimeoutOptions> | undefined
  /** Memory in bytes for the parts of all uploads and downloads of this store. Default 268,435,456 (256 MiB). */
  maxMemory?: number | undefined
  /**
   * URL of a proxy, or `'environment'` to use `https_proxy` (`http_proxy` for an `http://` endpoint) and `no_proxy`.
   * Default: none, or `'environment'` if Node.js uses it too (`NODE_USE_ENV_PROXY=1`).
   */
  proxy?: ProxyOption | undefined
  /**
   * Bytes per second that all uploads of this store send together, at least 1,024. The bytes are sent evenly, within parts
   * too. Default: no limit.
   */
  bandwidthLimit?: number | undefined
  /** Bytes per second that all downloads of this store receive together, at least 1,024. Default: no limit. */
  downloadBandwidthLimit?: number | undefined
  /** A Dispatcher of undici 6, 7 or 8, for client certificates or a limit on connections. You close it yourself. */
  dispatcher?: Dispatcher | undefined
}

/** A bucket of Alibaba Cloud OSS. */
export interface OssStoreOptions extends CommonStoreOptions, OwnOptions<'oss'> {
  provider?: 'oss' | undefined
}

/** A bucket of Huawei Cloud OBS. */
export interface ObsStoreOptions extends CommonStoreOptions, OwnOptions<'obs'> {
  provider: 'obs'
}

/** A bucket of Amazon S3, or of an S3-compatible service. */
export interface S3StoreOptions extends CommonStoreOptions, OwnOptions<'s3'> {
  provider: 's3'
}

/** Options of a store. Absent options come from the environment. The default provider is `oss`. */
export type StoreOptions = OssStoreOptions | { [P in Named]: NamedStoreOptions<P> }[Named]

/** The services that must be named. */
type Named = Exclude<Provider, 'oss'>
type NamedStoreOptions<P extends Named> = CommonStoreOptions & OwnOptions<P> & { provider: P }

const COMMON_NAMES = [
  'bucket',
  'region',
  'endpoint',
  'credentials',
  'retry',
  'timeouts',
  'maxMemory',
  'proxy',
  'bandwidthLimit',
  'downloadBandwidthLimit',
  'dispatcher',
] satisfies (keyof CommonStoreOptions)[]

/** The options, completed from the environment. Empty environment variables count as absent. */
export interface ResolvedStoreOptions {
  dialect: Dialect
  credentials: CredentialsOption
  retry: RetryPolicy
  timeouts: TimeoutOptions
  maxMemory: number
  proxy: Proxy | undefined
  bandwidthLimit: number | undefined
  downloadBandwidthLimit: number | undefined
  dispatcher: Dispatcher | undefined
}

/** Checks the options and completes them from the environment. Throws UploadError if one is missing or invalid. */
export function resolveStoreOptions(given: StoreOptions, environment: NodeJS.ProcessEnv): ResolvedStoreOptions {
  checkObject('options', given)
  const named = reading('provider', () => given.provider)
  const provider = checkOneOf('provider', named ?? 'oss', PROVIDER_NAMES)
  const variables = ENVIRONMENT_VARIABLES[provider]
  const options = takeOptions(`a store of ${provider}`, given, [
    'provider',
    ...COMMON_NAMES,
    ...Object.keys(PROVIDERS[provider].options),
  ])
  const variable = (option: EnvironmentOption): string | undefined =>
    variables[option].map((name) => environment[name]).find((value) => value !== undefined && value !== '')
  const { credentials, retry, timeouts, maxMemory = 256 * MiB, dispatcher } = options
  const dispatch = reading('dispatcher', () => (dispatcher as Partial<Dispatcher> | null | undefined)?.dispatch)
  if (dispatcher !== undefined && typeof dispatch !== 'function') {
    throw invalidOption('dispatcher', dispatcher, 'must be a Dispatcher of undici 6, 7 or 8')
  }
  if (dispatcher !== undefined && options.proxy !== undefined) {
    throw new UploadError('INVALID_OPTION', 'proxy and dispatcher cannot be used together: leave one of them out')
  }
  const place = {
    provider,
    bucket: bucketOf(provider, options.bucket ?? variable('bucket'), variables.bucket),
    region: text('region', options.region ?? variable('region')),
    endpoint: text('endpoint', options.endpoint ?? variable('endpoint')),
  }
  const asker = credentials ?? credentialsOf(variable, variables)
  const dialect = dialectFor(provider, { ...options, ...place })
  const proxy = options.proxy ?? (environment['NODE_USE_ENV_PROXY'] === '1' ? 'environment' : undefined)
  return {
    credentials: asker,
    dialect,
    retry: checkRetry(retry ?? {}),
    timeouts: checkTimeouts(timeouts ?? {}),
    maxMemory: checkInteger('maxMemory', maxMemory, MiB, Number.MAX_SAFE_INTEGER, 'bytes'),
    proxy: proxy === undefined ? undefined : proxyOf(proxy, dialect.origin, environment),
    bandwidthLimit: checkBandwidth('bandwidthLimit', options.bandwidthLimit),
    downloadBandwidthLimit: checkBandwidth('downloadBandwidthLimit', options.downloadBandwidthLimit),
    dispatcher,
  }
}

function bucketOf(provider: Provider, bucket: string | undefined, variables: readonly string[]): string {
  if (bucket !== undefined) return checkString('bucket', bucket)
  const inEnvironment = variables.map((name) => `, or environment variable ${name}`).join('')
  const places = `option bucket, or a target such as ${provider}://bucket/key${inEnvironment}`
  throw invalidOption('bucket', bucket, `must be a bucket name (${places})`)
}

function credentialsOf(
  variable: (option: EnvironmentOption) => string | undefined,
  names: Readonly<Record<EnvironmentOption, readonly string[]>>,
): CredentialsOption {
  const nameOf = (option: EnvironmentOption): string => names[option].join(' or ')
  const required = (option: 'accessKeyId' | 'accessKeySecret'): string => {
    const value = variable(option)
    if (value !== undefined) return value
    throw new UploadError(
      'MISSING_CREDENTIALS',
      `${nameOf(option)} is missing: give the option credentials, or ${nameOf('accessKeyId')} and ${nameOf('accessKeySecret')} together in the environment`,
    )
  }
  return {
    accessKeyId: required('accessKeyId'),
    accessKeySecret: required('accessKeySecret'),
    securityToken: variable('securityToken'),
  }
}

function text(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : checkString(name, value)
}

function checkBandwidth(name: string, value: number | undefined): number | undefined {
  if (value === undefined) return undefined
  return checkInteger(name, value, MIN_BANDWIDTH, Number.MAX_SAFE_INTEGER, 'bytes per second')
}

function checkRetry(options: Partial<RetryOptions>): RetryPolicy {
  const retry = retryPolicy(takeNested('retry', options, Object.keys(DEFAULT_RETRY)))
  checkInteger('retry.maxAttempts', retry.maxAttempts, 1, 100)
  checkInteger('retry.baseDelayMs', retry.baseDelayMs, 0, 60_000, 'ms')
  checkInteger('retry.maxDelayMs', retry.maxDelayMs, 0, 600_000, 'ms')
  checkInteger('retry.totalMs', retry.totalMs, 0, 86_400_000, 'ms')
  checkInteger('retry.startMs', retry.startMs, 0, 86_400_000, 'ms')
  return retry
}

function checkTimeouts(options: Partial<TimeoutOptions>): TimeoutOptions {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...takeNested('timeouts', options, Object.keys(DEFAULT_TIMEOUTS)) }
  for (const name of ['connectMs', 'answerMs', 'stallMs'] as const) {
    checkInteger(`timeouts.${name}`, timeouts[name], 1, 3_600_000, 'ms')
  }
  return timeouts
}
