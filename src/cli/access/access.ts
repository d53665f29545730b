/**
 * Resolves credentials and endpoint: first from the command line, then from the environment, then from the files of the service's own
 * tools. A pair of keys always comes from one place.
 */
import type { CredentialsOption, Provider } from '../../index.js'
import { ENVIRONMENT_VARIABLES, type EnvironmentOption } from '../../internal.js'
import { CREDENTIAL_SOURCES, isCredentialSource } from '../options/credential-sources.js'
import type { Options } from '../options/options.js'
import { EXIT } from '../process/exit-codes.js'
import { Failure, usageFailure } from '../process/failure.js'
import { type AwsProfile, readAwsProfile } from './aws-config.js'
import { alicloudOrigin, awsOrigin, credentialsOf, type CredentialsOrigin } from './origin.js'
import { configPath, type OssutilConfig, readOssutilConfig } from './ossutil-config.js'

export interface Access {
  bucket: string | undefined
  region: string | undefined
  endpoint: string | undefined
  addressing: string | undefined
  credentials: CredentialsOption
}

/** Returns an option of a store from the environment. An empty variable counts as absent. */
export function variableOf(
  scheme: Provider,
  option: EnvironmentOption,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  return ENVIRONMENT_VARIABLES[scheme][option]
    .map((name) => environment[name])
    .find((value) => value !== undefined && value !== '')
}

/** Returns the access. @throws {Failure} if there are no credentials, or a requested profile does not exist. */
export function findAccess(
  scheme: Provider,
  typedBucket: string | undefined,
  options: Options,
  environment: NodeJS.ProcessEnv,
): Access {
  const variable = (option: EnvironmentOption) => variableOf(scheme, option, environment)
  refuseStrays(scheme, options)
  const isFileAsked = options.text('profile') !== undefined || options.text('config') !== undefined
  const keys = isFileAsked || options.text('credentials') !== undefined ? undefined : keysOf(scheme, environment)
  const file = fileOf(scheme, options, environment, keys !== undefined)
  const bucket = typedBucket ?? variable('bucket')
  const place = placeOf(file, {
    bucket,
    region: options.text('region') ?? variable('region'),
    endpoint: options.text('endpoint') ?? variable('endpoint'),
    addressing: options.text('addressing'),
  })
  const origin = askedOrigin(scheme, place.region, options, environment) ?? keys ?? file?.settings.credentials
  if (origin === undefined) throw missingCredentials(scheme)
  return { bucket, ...place, credentials: credentialsOf(origin, environment) }
}

/** Refuses an option that has no effect: otherwise the user would believe that it has one. */
function refuseStrays(scheme: Provider, options: Options): void {
  const source = options.text('credentials')
  const refuse = (name: string, services: readonly Provider[], advice = ''): void => {
    if (options.text(name) === undefined || services.includes(scheme)) return
    throw usageFailure(`--${name} goes with ${services.map((service) => `${service}://`).join(' and ')} alone${advice}`)
  }
  refuse('config', ['oss'], scheme === 's3' ? '; set AWS_CONFIG_FILE' : '')
  refuse('profile', ['oss', 's3'])
  refuse('credentials', ['oss', 's3'])
  if (source === undefined) return
  if (!isCredentialSource(source)) {
    throw usageFailure(
      `--credentials must be ${CREDENTIAL_SOURCES.join(', ')} (got ${JSON.stringify(source)}): no option takes a key`,
    )
  }
  if (options.text('profile') !== undefined || options.text('config') !== undefined) {
    throw usageFailure('--credentials cannot be used together with --profile or --config: leave one out')
  }
}

function askedOrigin(
  scheme: Provider,
  region: string | undefined,
  options: Options,
  environment: NodeJS.ProcessEnv,
): CredentialsOrigin | undefined {
  const source = options.text('credentials')
  if (source === undefined || !isCredentialSource(source)) return undefined
  return scheme === 'oss' ? alicloudOrigin(source, environment) : awsOrigin(source, region, environment)
}

function keysOf(scheme: Provider, environment: NodeJS.ProcessEnv): CredentialsOrigin | undefined {
  const accessKeyId = variableOf(scheme, 'accessKeyId', environment)
  const accessKeySecret = variableOf(scheme, 'accessKeySecret', environment)
  const names = ENVIRONMENT_VARIABLES[scheme]
  if (accessKeyId === undefined && accessKeySecret === undefined) return undefined
  if (accessKeyId === undefined || accessKeySecret === undefined) {
    const [missing, present] =
      accessKeyId === undefined
        ? [names.accessKeyId, names.accessKeySecret]
        : [names.accessKeySecret, names.accessKeyId]
    throw usageFailure(`${missing.join(' or ')} is missing: it goes with ${present.join(' or ')}`)
  }
  const securityToken = variableOf(scheme, 'securityToken', environment)
  return { by: 'keys', keys: { accessKeyId, accessKeySecret, securityToken } }
}

type File = { of: 'ossutil'; settings: OssutilConfig } | { of: 'aws'; settings: AwsProfile }

/**
 * Reads the file of the service's own tool. The file of ossutil is used if it was requested, or if nothing else provides credentials. A
 * profile of AWS also provides region and endpoint for keys from the environment, as in the tools of AWS.
 */
function fileOf(
  scheme: Provider,
  options: Options,
  environment: NodeJS.ProcessEnv,
  hasKeys: boolean,
): File | undefined {
  const profile = options.text('profile')
  if (scheme === 's3') {
    const settings = readAwsProfile(profile, environment)
    return settings === undefined ? undefined : { of: 'aws', settings }
  }
  if (scheme !== 'oss' || hasKeys || options.text('credentials') !== undefined) return undefined
  const path = configPath(options, environment)
  const settings = readOssutilConfig(path, profile)
  const isAsked = options.text('config') !== undefined || profile !== undefined
  if (settings === undefined && isAsked) throw usageFailure(`there is no file ${path ?? '~/.ossutilconfig'}`)
  return settings === undefined ? undefined : { of: 'ossutil', settings }
}

type Place = Readonly<Record<'bucket' | 'region' | 'endpoint' | 'addressing', string | undefined>>

function placeOf(file: File | undefined, given: Place): Omit<Place, 'bucket'> {
  const { bucket = '', region, endpoint, addressing } = given
  if (file === undefined) return { region, endpoint, addressing }
  const { settings } = file
  if (file.of === 'aws') {
    return {
      region: region ?? settings.region,
      endpoint: endpoint ?? settings.endpoint,
      addressing: addressing ?? settings.addressing,
    }
  }
  // The order of ossutil: the command line, the domain of the bucket, the endpoint of the bucket, the endpoint.
  const { bucketCnames, bucketEndpoints } = file.settings
  const cname = endpoint === undefined ? bucketCnames.get(bucket) : undefined
  return {
    region: region ?? settings.region,
    endpoint: endpoint ?? cname ?? bucketEndpoints.get(bucket) ?? settings.endpoint,
    addressing: addressing ?? (cname === undefined ? settings.addressing : 'cname'),
  }
}

const FILES: Partial<Record<Provider, string>> = {
  oss: 'use ~/.ossutilconfig, or another file: --config FILE, --profile NAME',
  s3: 'use ~/.aws/credentials and ~/.aws/config: --profile NAME',
}

function missingCredentials(scheme: Provider): Failure {
  const { accessKeyId, accessKeySecret } = ENVIRONMENT_VARIABLES[scheme]
  const file = FILES[scheme]
  const details = [
    `set ${accessKeyId.join(' or ')} and ${accessKeySecret.join(' or ')} in the environment`,
    ...(file === undefined
      ? []
      : [`or ${file}`, `or use the role of this machine: --credentials ${CREDENTIAL_SOURCES.join(', ')}`]),
  ]
  return new Failure(EXIT.usage, `there are no credentials for ${scheme}://`, undefined, details)
}
