import type { Options } from '../options/options.js'
import { configPath, readOssutilConfig } from './ossutil-config.js'

/** What must never be shown: everything that credentials may be made of here. */
export function secretsIn(environment: NodeJS.ProcessEnv, options: Options | undefined): string[] {
  const names = Object.keys(environment).filter((name) => /SECRET|TOKEN|ACCESS_KEY/.test(name))
  const secrets = names.map((name) => environment[name] ?? '').filter((value) => value.length >= 8)
  try {
    const config =
      options === undefined ? undefined : readOssutilConfig(configPath(options, environment), options.text('profile'))
    const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = config?.credentials ?? {}
    return [...secrets, accessKeyId, accessKeySecret, securityToken]
  } catch {
    // A file that cannot be read has given nothing away.
    return secrets
  }
}
