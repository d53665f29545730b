/**
 * What the client knows of each service before there is a `Dialect`. A further service is its name in
 * `shared/provider.ts`, a folder beside these that builds its dialect, and an entry here. One that speaks the protocol
 * of S3 needs no more than its address: see `s3Dialect`.
 */
import type { Provider } from '../shared/provider.js'
import type { Dialect } from './dialect.js'
import { obsDialect, type ObsDialectOptions } from './obs/obs-dialect.js'
import { ossDialect, type OssDialectOptions } from './oss/oss-dialect.js'
import { s3Dialect, type S3DialectOptions } from './s3/s3-dialect.js'

/** What each service has to be told. */
export interface DialectOptions extends Record<Provider, object> {
  oss: OssDialectOptions
  obs: ObsDialectOptions
  s3: S3DialectOptions
}

/** The options of a service beside those that all have. */
export type OwnOptions<P extends Provider> = Omit<DialectOptions[P], 'bucket' | 'region' | 'endpoint'>

export type EnvironmentOption = 'bucket' | 'region' | 'endpoint' | 'accessKeyId' | 'accessKeySecret' | 'securityToken'

interface ProviderFacts<P extends Provider> {
  /** @throws {UploadError} `INVALID_OPTION` where an option is not acceptable. */
  dialect(options: DialectOptions[P]): Dialect
  /** The names of its own options: one that is missing here does not compile. */
  readonly options: Readonly<Record<keyof OwnOptions<P>, true>>
  /** The environment variables that stand for options; of several, the first that is set counts. */
  readonly environment: Readonly<Record<EnvironmentOption, readonly string[]>>
}

export const PROVIDERS: { readonly [P in Provider]: ProviderFacts<P> } = {
  oss: {
    dialect: ossDialect,
    options: { addressing: true, network: true, signatureVersion: true, requestPayer: true },
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
    dialect: obsDialect,
    options: { addressing: true, signatureVersion: true, checksum: true, requestPayer: true },
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
    dialect: s3Dialect,
    options: {
      addressing: true,
      network: true,
      checksum: true,
      signPayload: true,
      requestPayer: true,
      expectedBucketOwner: true,
    },
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

/** @throws {UploadError} `INVALID_OPTION` where an option is not acceptable. */
export function dialectFor<P extends Provider>(provider: P, options: DialectOptions[P]): Dialect {
  const facts: ProviderFacts<P> = PROVIDERS[provider]
  return facts.dialect(options)
}
