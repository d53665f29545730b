/** The origin of the credentials of a store, before they are requested. */
import type { Credentials, CredentialsOption } from '../../index.js'
import type { CredentialSource } from '../options/credential-sources.js'
import { usageFailure } from '../process/failure.js'
import { processCredentials } from './credential-process.js'
import { alicloudClient, type AwsProvider, awsProvider } from './optional-packages.js'

export type CredentialsOrigin =
  | { by: 'keys'; keys: Credentials }
  /** `where` is the section of a file that names the command. */
  | { by: 'process'; command: string; where: string }
  | { by: 'alicloud'; config: Readonly<Record<string, string>> | undefined }
  | { by: 'aws'; provider: AwsProvider; options: Readonly<Record<string, unknown>> }

/** Returns the option of a store. @throws {Failure} if a package that it needs is not installed. */
export function credentialsOf(origin: CredentialsOrigin, environment: NodeJS.ProcessEnv): CredentialsOption {
  switch (origin.by) {
    case 'keys':
      return origin.keys
    case 'process':
      return processCredentials(origin.command, origin.where, environment)
    case 'alicloud':
      return alicloudClient(origin.config)
    case 'aws':
      return awsProvider(origin.provider, origin.options)
  }
}

/** The configuration for the package of Alibaba Cloud. */
export function alicloudOrigin(source: CredentialSource, environment: NodeJS.ProcessEnv): CredentialsOrigin {
  if (source === 'chain') return { by: 'alicloud', config: undefined }
  if (source === 'instance') return { by: 'alicloud', config: { type: 'ecs_ram_role' } }
  const variables = {
    roleArn: 'ALIBABA_CLOUD_ROLE_ARN',
    oidcProviderArn: 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN',
    oidcTokenFilePath: 'ALIBABA_CLOUD_OIDC_TOKEN_FILE',
  }
  return {
    by: 'alicloud',
    config: { type: 'oidc_role_arn', roleSessionName: 'ossup', ...fromVariables(variables, environment) },
  }
}

/** The same for the package of AWS. Requests to STS go to `region`. */
export function awsOrigin(
  source: CredentialSource,
  region: string | undefined,
  environment: NodeJS.ProcessEnv,
): CredentialsOrigin {
  const options = region === undefined ? {} : { clientConfig: { region } }
  if (source === 'chain') return { by: 'aws', provider: 'fromNodeProviderChain', options }
  if (source === 'instance') return { by: 'aws', provider: 'fromInstanceMetadata', options: {} }
  const variables = { roleArn: 'AWS_ROLE_ARN', webIdentityTokenFile: 'AWS_WEB_IDENTITY_TOKEN_FILE' }
  return { by: 'aws', provider: 'fromTokenFile', options: { ...options, ...fromVariables(variables, environment) } }
}

/** The variables that a cluster sets in the pods of a service account. */
function fromVariables(
  names: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): Record<string, string> {
  const values = Object.entries(names).map(([name, variable]) => [name, environment[variable] ?? ''] as const)
  const missing = values.filter(([, value]) => value === '').map(([name]) => names[name])
  if (missing.length > 0) throw usageFailure(`--credentials oidc needs ${missing.join(', ')} in the environment`)
  return Object.fromEntries(values)
}
