/** Alibaba Cloud OSS, Huawei Cloud OBS, or S3 and the services that speak its protocol. */
export type Provider = 'oss' | 'obs' | 's3'

/** A missing name does not compile. */
const NAMES: Record<Provider, true> = { oss: true, obs: true, s3: true }

/**
 * The names of the services in options, targets and checkpoints. `stores/providers.ts` has their client,
 * `emulator/dialects/dialects.ts` their embedded store.
 */
export const PROVIDER_NAMES = Object.keys(NAMES) as readonly Provider[]
