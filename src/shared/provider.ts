/**
 * The services, by the names that options, targets and checkpoints have for them: Alibaba Cloud OSS, Huawei Cloud OBS,
 * and S3 with what speaks its protocol. What each of them is follows from this list: the client's side in
 * `stores/providers.ts`, the embedded store's in `emulator/dialects/dialects.ts`.
 */
export const PROVIDER_NAMES = ['oss', 'obs', 's3'] as const

export type Provider = (typeof PROVIDER_NAMES)[number]
