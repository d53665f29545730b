/**
 * Reads the files of the AWS CLI, `~/.aws/config` and `~/.aws/credentials`: profiles with a region, an endpoint and the source of
 * their credentials (AWS CLI, "Configuration and credential file settings").
 */
import { join } from 'node:path'
import { usageFailure } from '../process/failure.js'
import { homeOf, parseIni, readConfigFile, type Sections } from './config-files.js'
import type { CredentialsOrigin } from './origin.js'

export interface AwsProfile {
  region: string | undefined
  endpoint: string | undefined
  addressing: string | undefined
  /** Undefined if the profile has none. */
  credentials: CredentialsOrigin | undefined
}

interface Paths {
  config: string | undefined
  credentials: string | undefined
}

/** A role, or a session of IAM Identity Center: the package of AWS handles these. */
const BY_PACKAGE = ['web_identity_token_file', 'sso_session', 'sso_account_id', 'login_session']

/** Returns where the files are; undefined for a user without a home. */
function awsPaths(environment: NodeJS.ProcessEnv): Paths {
  const home = homeOf(environment)
  const at = (variable: string, name: string): string | undefined => {
    const given = environment[variable] ?? ''
    if (given !== '') return given
    return home === undefined ? undefined : join(home, '.aws', name)
  }
  return { config: at('AWS_CONFIG_FILE', 'config'), credentials: at('AWS_SHARED_CREDENTIALS_FILE', 'credentials') }
}

/**
 * Returns the requested profile, or the one that the environment names, or `default`; undefined if none was requested and the
 * default does not exist.
 *
 * @throws {Failure} if there is no such profile, or it has half of a pair of keys.
 */
export function readAwsProfile(asked: string | undefined, environment: NodeJS.ProcessEnv): AwsProfile | undefined {
  const paths = awsPaths(environment)
  const named = asked ?? [environment['AWS_PROFILE'], environment['AWS_DEFAULT_PROFILE']].find(Boolean)
  const name = named ?? 'default'
  const config = parseIni(readConfigFile(paths.config) ?? '', { hasNested: true })
  const own = config.get(`profile ${name}`) ?? (name === 'default' ? config.get('default') : undefined)
  const keys = parseIni(readConfigFile(paths.credentials) ?? '', { hasNested: true }).get(name)
  if (own === undefined && keys === undefined) {
    if (named === undefined) return undefined
    throw usageFailure(
      `there is no profile ${JSON.stringify(name)} in ${paths.config ?? '~/.aws/config'} or ${paths.credentials ?? '~/.aws/credentials'}`,
    )
  }
  const settings = new Map([...(own ?? []), ...(keys ?? [])])
  const addressing = settings.get('s3.addressing_style')
  return {
    region: settings.get('region'),
    endpoint: endpointOf(settings, config, environment),
    // `auto` is the same as no setting.
    addressing: addressing === 'auto' ? undefined : addressing,
    credentials: originOf(name, settings, paths),
  }
}

/** The endpoint in a `services` section is for S3 only, and has precedence. */
function endpointOf(
  settings: ReadonlyMap<string, string>,
  config: Sections,
  environment: NodeJS.ProcessEnv,
): string | undefined {
  const switches = [environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'], settings.get('ignore_configured_endpoint_urls')]
  if (switches.some((value) => value?.toLowerCase() === 'true')) return undefined
  const services = config.get(`services ${settings.get('services') ?? ''}`)
  return services?.get('s3.endpoint_url') ?? settings.get('endpoint_url')
}

/** The order of AWS: a role has precedence over the keys that it is assumed with. */
function originOf(name: string, settings: ReadonlyMap<string, string>, paths: Paths): CredentialsOrigin | undefined {
  const where = `profile ${JSON.stringify(name)}`
  const byPackage: CredentialsOrigin = {
    by: 'aws',
    provider: 'fromIni',
    options: {
      profile: name,
      ...(paths.config === undefined ? {} : { configFilepath: paths.config }),
      ...(paths.credentials === undefined ? {} : { filepath: paths.credentials }),
      ...(settings.has('region') ? { clientConfig: { region: settings.get('region') } } : {}),
    },
  }
  if (settings.has('role_arn')) return byPackage
  const [accessKeyId = '', accessKeySecret = '', securityToken = ''] = [
    settings.get('aws_access_key_id'),
    settings.get('aws_secret_access_key'),
    settings.get('aws_session_token'),
  ]
  if ((accessKeyId === '') !== (accessKeySecret === '')) {
    throw usageFailure(`${where} must have both aws_access_key_id and aws_secret_access_key`)
  }
  if (accessKeyId !== '') {
    return {
      by: 'keys',
      keys: { accessKeyId, accessKeySecret, ...(securityToken === '' ? {} : { securityToken }) },
    }
  }
  const command = settings.get('credential_process') ?? ''
  if (command !== '') return { by: 'process', command, where }
  return BY_PACKAGE.some((setting) => settings.has(setting)) ? byPackage : undefined
}
