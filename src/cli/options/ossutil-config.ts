/**
 * The configuration file of ossutil, `~/.ossutilconfig`: an INI file with the credentials and endpoints that people
 * have already. Its names are spelt in several ways, which all mean the same.
 */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from '../../index.js'
import { messageOf, usageFailure } from '../process/failure.js'
import type { Options } from './options.js'

export interface OssutilConfig {
  credentials: Credentials
  region?: string
  endpoint?: string
  /** The endpoints of single buckets, and the domains that are bound to them. */
  bucketEndpoints: ReadonlyMap<string, string>
  bucketCnames: ReadonlyMap<string, string>
}

const SPELLINGS: Readonly<Record<string, 'id' | 'secret' | 'token' | 'endpoint' | 'region' | 'mode'>> = {
  accesskeyid: 'id',
  accessid: 'id',
  accesskeysecret: 'secret',
  accesskey: 'secret',
  ststoken: 'token',
  endpoint: 'endpoint',
  host: 'endpoint',
  region: 'region',
  mode: 'mode',
}

/** Returns the file that was asked for, or the user's own; undefined for a user without a home. */
export function configPath(options: Options, environment: NodeJS.ProcessEnv): string | undefined {
  const home = homeOf(environment)
  return options.text('config') ?? (home === undefined ? undefined : join(home, '.ossutilconfig'))
}

/** An empty HOME would be the working folder, whose files are not the user's. */
function homeOf({ HOME = '' }: NodeJS.ProcessEnv): string | undefined {
  if (HOME !== '') return HOME
  try {
    const { homedir } = userInfo()
    return homedir === '' ? undefined : homedir
  } catch {
    // A container may run under a user id that has no entry in passwd.
    return undefined
  }
}

/** Undefined where there is no such file. Throws Failure where it cannot be used. */
export function readOssutilConfig(path: string | undefined): OssutilConfig | undefined {
  if (path === undefined) return undefined
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw usageFailure(`${path} cannot be read: ${messageOf(error)}`)
  }
  return parseOssutilConfig(text, path)
}

export function parseOssutilConfig(text: string, path: string): OssutilConfig {
  const sections = parseIni(text)
  const known = new Map(
    [...(sections.get('credentials') ?? [])].map(([name, value]) => [
      SPELLINGS[name.toLowerCase().replace(/[-_ ]/g, '')],
      value,
    ]),
  )
  const mode = known.get('mode') ?? ''
  if (mode !== '' && !/^(ak|ststoken)$/i.test(mode)) {
    throw usageFailure(`${path} has the mode ${JSON.stringify(mode)}: accepted are AK and StsToken`)
  }
  const accessKeyId = known.get('id') ?? ''
  const accessKeySecret = known.get('secret') ?? ''
  if (accessKeyId === '' || accessKeySecret === '') {
    throw usageFailure(`${path} has no accessKeyID and accessKeySecret below [Credentials]`)
  }
  const token = known.get('token') ?? ''
  const region = known.get('region') ?? ''
  const endpoint = known.get('endpoint') ?? ''
  return {
    credentials: { accessKeyId, accessKeySecret, ...(token === '' ? {} : { securityToken: token }) },
    ...(region === '' ? {} : { region }),
    ...(endpoint === '' ? {} : { endpoint }),
    bucketEndpoints: sections.get('bucket-endpoint') ?? new Map(),
    bucketCnames: sections.get('bucket-cname') ?? new Map(),
  }
}

/** Names of sections in lower case; the last value of a name counts. */
function parseIni(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const name = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1]
    if (name !== undefined) {
      const key = name.trim().toLowerCase()
      section = sections.get(key) ?? new Map<string, string>()
      sections.set(key, section)
      continue
    }
    const [, key = '', value = ''] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== '') section.set(key, value)
  }
  return sections
}
