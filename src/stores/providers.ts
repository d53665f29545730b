/**
 * The services and their options, from which a `Dialect` is created. `shared/provider.ts` explains how to add a service. An
 * S3-compatible service needs only an address: see `s3Dialect`.
 */
import type { Provider } from '../shared/provider.js'
import type { Dialect } from './dialect.js'
import { obsDialect, type ObsDialectOptions } from './obs/obs-dialect.js'
import { ossDialect, type OssDialectOptions } from './oss/oss-dialect.js'
import { s3Dialect, type S3DialectOptions } from './s3/s3-dialect.js'

/** The options that each service needs. */
export interface DialectOptions extends Record<Provider, object> {
  oss: OssDialectOptions
  obs: ObsDialectOptions
  s3: S3DialectOptions
}

/** The options of a service in addition to the common ones. */
export type OwnOptions<P extends Provider> = Omit<DialectOptions[P], 'bucket' | 'region' | 'endpoint'>

interface ProviderFacts<P extends Provider> {
  /** @throws {UploadError} `INVALID_OPTION` if an option is invalid. */
  dialect(options: DialectOptions[P]): Dialect
  /** The names of its own options. If one is missing, the code does not compile. */
  readonly options: Readonly<Record<keyof OwnOptions<P>, true>>
}

export const PROVIDERS: { readonly [P in Provider]: ProviderFacts<P> } = {
  oss: {
    dialect: ossDialect,
    options: { addressing: true, network: true, signatureVersion: true, requestPayer: true },
  },
  obs: {
    dialect: obsDialect,
    options: { addressing: true, signatureVersion: true, checksum: true, requestPayer: true },
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
  },
}

/** @throws {UploadError} `INVALID_OPTION` if an option is invalid. */
export function dialectFor<P extends Provider>(provider: P, options: DialectOptions[P]): Dialect {
  const facts: ProviderFacts<P> = PROVIDERS[provider]
  return facts.dialect(options)
}
