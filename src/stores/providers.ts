/**
 * The services there are. A further one is a folder beside these that builds a `Dialect`, and an entry in each of the
 * places here. One that speaks the protocol of S3 needs no more than its address: see `s3Dialect`.
 */
import type { Dialect } from './dialect.js'
import { obsDialect, type ObsDialectOptions } from './obs/obs-dialect.js'
import { ossDialect, type OssDialectOptions } from './oss/oss-dialect.js'
import { s3Dialect, type S3DialectOptions } from './s3/s3-dialect.js'
import type { Provider } from './store-driver.js'

/** What each service has to be told. */
export type ProviderOptions =
  | ({ provider: 'oss' } & OssDialectOptions)
  | ({ provider: 'obs' } & ObsDialectOptions)
  | ({ provider: 's3' } & S3DialectOptions)

/** Throws UploadError where an option is not acceptable. */
export function dialectFor(options: ProviderOptions): Dialect {
  switch (options.provider) {
    case 'oss':
      return ossDialect(options)
    case 'obs':
      return obsDialect(options)
    case 's3':
      return s3Dialect(options)
  }
}

/** What openStore needs to know before there is a dialect. */
interface ProviderFacts {
  /** Its options beside bucket, region and endpoint. */
  readonly options: readonly string[]
  /** The environment variables that stand for options; of several, the first that is set counts. */
  readonly environment: Readonly<Record<EnvironmentOption, readonly string[]>>
}

export type EnvironmentOption = 'bucket' | 'region' | 'endpoint' | 'accessKeyId' | 'accessKeySecret' | 'securityToken'

export const PROVIDERS: Readonly<Record<Provider, ProviderFacts>> = {
  oss: {
    options: ['addressing', 'network', 'signatureVersion'],
    environment: {
      bucket: ['OSS_BUCKET'],
      region: ['OSS_REGION'],
      endpoint: ['OSS_ENDPOINT'],
      accessKeyId: ['OSS_ACCESS_KEY_ID'],
      accessKeySecret: ['OSS_ACCESS_KEY_SECRET'],
      securityToken: ['OSS_SESSION_TOKEN'],
    },
  },
  obs: {
    options: ['addressing', 'signatureVersion', 'checksum'],
    environment: {
      bucket: ['OBS_BUCKET'],
      region: ['OBS_REGION'],
      endpoint: ['OBS_ENDPOINT'],
      accessKeyId: ['OBS_ACCESS_KEY_ID'],
      accessKeySecret: ['OBS_SECRET_ACCESS_KEY'],
      securityToken: ['OBS_SECURITY_TOKEN'],
    },
  },
  s3: {
    options: ['addressing', 'network', 'checksum', 'signPayload'],
    environment: {
      bucket: [],
      region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
      endpoint: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
      accessKeyId: ['AWS_ACCESS_KEY_ID'],
      accessKeySecret: ['AWS_SECRET_ACCESS_KEY'],
      securityToken: ['AWS_SESSION_TOKEN'],
    },
  },
}
