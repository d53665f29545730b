import type { CredentialsOption } from '../credentials/credentials-source.js'
import { DEFAULT_TIMEOUTS, type Dispatcher, type TimeoutOptions } from '../http/transport.js'
import { DEFAULT_RETRY, type RetryOptions } from '../shared/backoff.js'
import { MiB } from '../shared/byte-size.js'
import {
  checkInteger,
  checkNames,
  checkObject,
  checkOneOf,
  checkString,
  invalidOption,
} from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import type { OssAddressing, OssNetwork } from '../stores/oss/oss-address.js'

/** Where a bucket is and how to talk to it. What is absent comes from the environment. */
export interface StoreOptions {
  /** Default `oss`. */
  provider?: 'oss' | undefined
  /** Default: `OSS_BUCKET`. */
  bucket?: string | undefined
  /** The region id, such as `cn-hangzhou`. Default: `OSS_REGION`, or what an endpoint of OSS names. */
  region?: string | undefined
  /** A host, or a URL of scheme, host and port; HTTPS unless it says `http://`. Default: `OSS_ENDPOINT`, or by region. */
  endpoint?: string | undefined
  /**
   * `virtual`: the bucket is part of the host name; `path`: of the path; `cname`: the endpoint is a domain of your
   * own, bound to the bucket. Default `virtual`; `path` for an IP address or localhost.
   */
  addressing?: OssAddressing | undefined
  /** Which of the region's endpoints. Default `public`. */
  network?: OssNetwork | undefined
  /** Default 4. */
  signatureVersion?: 1 | 4 | undefined
  /** Default: `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET` and `OSS_SESSION_TOKEN`. */
  credentials?: CredentialsOption | undefined
  retry?: Partial<RetryOptions> | undefined
  timeouts?: Partial<TimeoutOptions> | undefined
  /** Bytes of all part buffers of all uploads of this store together. Default 268,435,456 (256 MiB). */
  maxMemory?: number | undefined
  /** Any Dispatcher of undici: for a proxy, client certificates, a limit on connections. It stays yours to close. */
  dispatcher?: Dispatcher | undefined
}

const NAMES = [
  'provider',
  'bucket',
  'region',
  'endpoint',
  'addressing',
  'network',
  'signatureVersion',
  'credentials',
  'retry',
  'timeouts',
  'maxMemory',
  'dispatcher',
] satisfies (keyof StoreOptions)[]

/** The options with what the environment adds; a variable that is empty counts as absent. */
export interface ResolvedStoreOptions {
  bucket: string
  region: string | undefined
  endpoint: string | undefined
  addressing: OssAddressing | undefined
  network: OssNetwork | undefined
  signatureVersion: 1 | 4 | undefined
  credentials: CredentialsOption
  retry: RetryOptions
  timeouts: TimeoutOptions
  maxMemory: number
  dispatcher: Dispatcher | undefined
}

/** Throws UploadError where an option is missing or not acceptable. */
export function resolveStoreOptions(options: StoreOptions, environment: NodeJS.ProcessEnv): ResolvedStoreOptions {
  checkNames('a store', checkObject('options', options), NAMES)
  checkOneOf('provider', options.provider ?? 'oss', ['oss'])
  const variable = (name: string): string | undefined => environment[name] || undefined
  const bucket = options.bucket ?? variable('OSS_BUCKET')
  if (bucket === undefined) {
    throw invalidOption(
      'bucket',
      bucket,
      'accepted is a bucket name (option bucket, target or environment variable OSS_BUCKET)',
    )
  }
  const { dispatcher, maxMemory = 256 * MiB } = options
  if (dispatcher !== undefined && typeof (dispatcher as Partial<Dispatcher> | null)?.request !== 'function') {
    throw invalidOption('dispatcher', dispatcher, 'accepted is a Dispatcher of undici')
  }
  return {
    bucket: checkString('bucket', bucket),
    region: text('region', options.region ?? variable('OSS_REGION')),
    endpoint: text('endpoint', options.endpoint ?? variable('OSS_ENDPOINT')),
    addressing: options.addressing,
    network: options.network,
    signatureVersion: options.signatureVersion,
    credentials: options.credentials ?? credentialsOf(variable),
    retry: checkRetry(options.retry ?? {}),
    timeouts: checkTimeouts(options.timeouts ?? {}),
    maxMemory: checkInteger('maxMemory', maxMemory, MiB, Number.MAX_SAFE_INTEGER, 'bytes'),
    dispatcher,
  }
}

function credentialsOf(variable: (name: string) => string | undefined): CredentialsOption {
  const required = (name: string): string => {
    const value = variable(name)
    if (value !== undefined) return value
    throw new UploadError(
      'MISSING_CREDENTIALS',
      `${name} is missing: accepted are the option credentials, or OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET together in the environment`,
    )
  }
  return {
    accessKeyId: required('OSS_ACCESS_KEY_ID'),
    accessKeySecret: required('OSS_ACCESS_KEY_SECRET'),
    securityToken: variable('OSS_SESSION_TOKEN'),
  }
}

function text(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : checkString(name, value)
}

function checkRetry(options: Partial<RetryOptions>): RetryOptions {
  checkNames('retry', checkObject('retry', options), Object.keys(DEFAULT_RETRY))
  const retry = { ...DEFAULT_RETRY, ...defined(options) }
  checkInteger('retry.maxAttempts', retry.maxAttempts, 1, 100)
  checkInteger('retry.baseDelayMs', retry.baseDelayMs, 0, 60_000, 'ms')
  checkInteger('retry.maxDelayMs', retry.maxDelayMs, 0, 600_000, 'ms')
  checkInteger('retry.totalMs', retry.totalMs, 0, 86_400_000, 'ms')
  return retry
}

function checkTimeouts(options: Partial<TimeoutOptions>): TimeoutOptions {
  checkNames('timeouts', checkObject('timeouts', options), Object.keys(DEFAULT_TIMEOUTS))
  const timeouts = { ...DEFAULT_TIMEOUTS, ...defined(options) }
  for (const name of ['connectMs', 'answerMs', 'stallMs'] as const) {
    checkInteger(`timeouts.${name}`, timeouts[name], 1, 3_600_000, 'ms')
  }
  return timeouts
}

/** An option that is undefined is one that is not there. */
function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
