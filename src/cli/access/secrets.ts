import { customerKeyOf } from '../options/customer-key.js'
import type { Options } from '../options/options.js'
import { readAwsProfile } from './aws-config.js'
import type { CredentialsOrigin } from './origin.js'
import { configPath, readOssutilConfig } from './ossutil-config.js'

/** Collects the values that must never be shown: all that credentials may consist of here. */
export function secretsIn(environment: NodeJS.ProcessEnv, options: Options | undefined): string[] {
  const names = Object.keys(environment).filter((name) => /SECRET|TOKEN|ACCESS_KEY/.test(name))
  const secrets = names.map((name) => environment[name] ?? '').filter((value) => value.length >= 8)
  if (options === undefined) return secrets
  const profile = () => options.text('profile')
  return [
    ...secrets,
    ...keyIn(options),
    ...keysOf(() => readOssutilConfig(configPath(options, environment), profile())?.credentials),
    ...keysOf(() => readAwsProfile(profile(), environment)?.credentials),
  ]
}

/** A file that cannot be read has provided no secrets. */
function keysOf(read: () => CredentialsOrigin | undefined): string[] {
  try {
    const origin = read()
    if (origin?.by === 'keys') return Object.values(origin.keys).map(String)
    return origin?.by === 'alicloud' ? secretsOf(origin.config) : []
  } catch {
    return []
  }
}

/** As it appears in a request. */
function keyIn(options: Options): string[] {
  try {
    const key = customerKeyOf(options)?.customerKey
    return key === undefined ? [] : [Buffer.from(key).toString('base64')]
  } catch {
    return []
  }
}

function secretsOf(config: Readonly<Record<string, string>> = {}): string[] {
  return [config['accessKeyId'], config['accessKeySecret'], config['securityToken']].filter(
    (text) => text !== undefined,
  )
}
