/** Loads packages of the clouds that provide the credentials of roles, if they are installed beside the command. */
import { createRequire } from 'node:module'
import type { CredentialClient, CredentialsOption } from '../../index.js'
import { mainScript } from '../../internal.js'
import { messageOf, usageFailure } from '../process/failure.js'

const ALICLOUD = '@alicloud/credentials'
const AWS = '@aws-sdk/credential-providers'

export type AwsProvider = 'fromNodeProviderChain' | 'fromInstanceMetadata' | 'fromTokenFile' | 'fromIni'

interface Alicloud {
  default: new (config?: object) => CredentialClient
  Config: new (config: Readonly<Record<string, string>>) => object
}

type Aws = Readonly<Record<AwsProvider, (options: object) => CredentialsOption>>

/** Without a configuration the package uses its own chain. @throws {Failure} if the package is not installed, or refuses it. */
export function alicloudClient(config: Readonly<Record<string, string>> | undefined): CredentialClient {
  const { default: Client, Config } = load(ALICLOUD) as Alicloud
  try {
    const given = Object.entries(config ?? {}).filter(([, value]) => value !== '')
    return config === undefined ? new Client() : new Client(new Config(Object.fromEntries(given)))
  } catch (error) {
    throw usageFailure(`${ALICLOUD}: ${messageOf(error)}`)
  }
}

/** @throws {Failure} if the package is not installed. */
export function awsProvider(name: AwsProvider, options: object): CredentialsOption {
  return (load(AWS) as Aws)[name](options)
}

/** Does not search the working folder: another user may own it. */
function load(name: string): unknown {
  try {
    return createRequire(mainScript())(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    throw usageFailure(
      `these credentials need the package ${name} beside ossup: npm install --global ${name} (in a project without --global)`,
    )
  }
}
