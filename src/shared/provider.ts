/** Alibaba Cloud OSS, Huawei Cloud OBS, or S3 and the services that speak its protocol. */
export type Provider = 'oss' | 'obs' | 's3'

/** A name that is missing here does not compile. */
const NAMES: Record<Provider, true> = { oss: true, obs: true, s3: true }

/**
 * The names of the services in options, targets and checkpoints. What each of them is follows from them: the client's side
 * in `stores/providers.ts`, the embedded store's in `emulator/dialects/dialects.ts`.
 */
export const PROVIDER_NAMES = Object.keys(NAMES) as readonly Provider[]
