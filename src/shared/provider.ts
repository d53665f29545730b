/**
 * Alibaba Cloud OSS, Huawei Cloud OBS, or S3 and S3-compatible services. A further one is its name and its variables here,
 * a folder in `stores/` with an entry in `stores/providers.ts`, and one in `emulator/dialects/` with an entry in `dialects.ts`.
 */
export type Provider = 'oss' | 'obs' | 's3'

export type EnvironmentOption = 'bucket' | 'region' | 'endpoint' | 'accessKeyId' | 'accessKeySecret' | 'securityToken'

/** The environment variables for options. If there are several for one option, the first that is set counts. */
export const ENVIRONMENT_VARIABLES: Readonly<Record<Provider, Readonly<Record<EnvironmentOption, readonly string[]>>>> =
  {
    oss: {
      bucket: ['OSS_BUCKET'],
      region: ['OSS_REGION'],
      endpoint: ['OSS_ENDPOINT'],
      accessKeyId: ['OSS_ACCESS_KEY_ID'],
      accessKeySecret: ['OSS_ACCESS_KEY_SECRET'],
      securityToken: ['OSS_SESSION_TOKEN'],
    },
    obs: {
      bucket: ['OBS_BUCKET'],
      region: ['OBS_REGION'],
      endpoint: ['OBS_ENDPOINT'],
      accessKeyId: ['OBS_ACCESS_KEY_ID'],
      accessKeySecret: ['OBS_SECRET_ACCESS_KEY'],
      securityToken: ['OBS_SECURITY_TOKEN'],
    },
    s3: {
      bucket: [],
      region: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
      endpoint: ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'],
      accessKeyId: ['AWS_ACCESS_KEY_ID'],
      accessKeySecret: ['AWS_SECRET_ACCESS_KEY'],
      securityToken: ['AWS_SESSION_TOKEN'],
    },
  }

/** The names of the services in options, targets and checkpoints. */
export const PROVIDER_NAMES = Object.keys(ENVIRONMENT_VARIABLES) as readonly Provider[]
