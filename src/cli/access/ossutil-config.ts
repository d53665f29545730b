/**
 * The configuration file of ossutil, `~/.ossutilconfig`: an INI file with the credentials and endpoints that people
 * have already. Its names are spelt in several ways, which all mean the same. Version 1 has its credentials in
 * `[Credentials]`, version 2 in `[default]` and `[profile NAME]` (OSS, "Configure ossutil").
 */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from '../../index.js'
import { messageOf, usageFailure } from '../process/failure.js'
import type { Options } from '../options/options.js'

export interface OssutilConfig {
  credentials: Credentials
  region?: string
  endpoint?: string
  addressing?: string
  /** The endpoints of single buckets, and the domains that are bound to them. */
  bucketEndpoints: ReadonlyMap<string, string>
  bucketCnames: ReadonlyMap<string, string>
}

type Setting = 'id' | 'secret' | 'token' | 'endpoint' | 'region' | 'mode' | 'source' | 'addressing'

const SPELLINGS: Readonly<Record<string, Setting>> = {
  accesskeyid: 'id',
  accessid: 'id',
  accesskeysecret: 'secret',
  accesskey: 'secret',
  ststoken: 'token',
  endpoint: 'endpoint',
  host: 'endpoint',
  region: 'region',
  mode: 'mode',
  sourceprofile: 'source',
  addressingstyle: 'addressing',
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
export function readOssutilConfig(path: string | undefined, profile?: string): OssutilConfig | undefined {
  if (path === undefined) return undefined
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw usageFailure(`${path} cannot be read: ${messageOf(error)}`)
  }
  return parseOssutilConfig(text, path, profile)
}

/**
 * `profile` is one of version 2. Without it the credentials of `[default]` count, else those of `[Credentials]`.
 *
 * @throws {Failure} where the file cannot be used, or has no such profile.
 */
export function parseOssutilConfig(text: string, path: string, profile?: string): OssutilConfig {
  const sections = parseIni(text)
  const { name, settings } = settingsOf(sections, path, profile)
  const mode = settings.get('mode') ?? ''
  if (mode !== '' && !/^(ak|ststoken)$/i.test(mode)) {
    throw usageFailure(`${path} has the mode ${JSON.stringify(mode)}, but must have AK or StsToken`)
  }
  const accessKeyId = settings.get('id') ?? ''
  const accessKeySecret = settings.get('secret') ?? ''
  if (accessKeyId === '' || accessKeySecret === '') {
    throw usageFailure(`${path} has no accessKeyID and accessKeySecret below [${name}]`)
  }
  const token = settings.get('token') ?? ''
  const region = settings.get('region') ?? ''
  const endpoint = settings.get('endpoint') ?? ''
  const addressing = settings.get('addressing') ?? ''
  return {
    credentials: { accessKeyId, accessKeySecret, ...(token === '' ? {} : { securityToken: token }) },
    ...(region === '' ? {} : { region }),
    ...(endpoint === '' ? {} : { endpoint }),
    ...(addressing === '' ? {} : { addressing }),
    bucketEndpoints: sections.get('bucket-endpoint') ?? new Map(),
    bucketCnames: sections.get('bucket-cname') ?? new Map(),
  }
}

type Settings = ReadonlyMap<Setting | undefined, string>
type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Returns the section that counts, with what it takes from others. */
function settingsOf(
  sections: Sections,
  path: string,
  profile: string | undefined,
): { name: string; settings: Settings } {
  if (profile !== undefined) return { name: `profile ${profile}`, settings: settingsOfProfile(sections, path, profile) }
  // In a file of version 1, [Default] is about logging.
  const own = sectionOf(sections, 'default')
  const hasAccess = own !== undefined && ['id', 'mode', 'source'].some((setting) => own.has(setting as Setting))
  if (hasAccess) return { name: 'default', settings: settingsOfProfile(sections, path, 'default') }
  return { name: 'Credentials', settings: asSettings(sections.get('credentials') ?? new Map<string, string>()) }
}

/** A profile may name another one, whose settings count where it has none of its own. */
function settingsOfProfile(sections: Sections, path: string, profile: string): Settings {
  let settings: Settings = new Map()
  const read = new Set<string>()
  for (let name: string | undefined = profile; name !== undefined && name !== '';) {
    const key = name.toLowerCase()
    if (read.has(key))
      throw usageFailure(`${path} has the profile ${JSON.stringify(name)}, which names itself as its source`)
    read.add(key)
    const own = sectionOf(sections, key)
    if (own === undefined) throw usageFailure(`${path} has no profile ${JSON.stringify(name)}`)
    settings = new Map([...own, ...settings])
    name = own.get('source')
  }
  return settings
}

function sectionOf(sections: Sections, profile: string): Settings | undefined {
  const section = sections.get(`profile ${profile}`) ?? (profile === 'default' ? sections.get('default') : undefined)
  return section === undefined ? undefined : asSettings(section)
}

function asSettings(section: ReadonlyMap<string, string>): Settings {
  return new Map([...section].map(([name, value]) => [SPELLINGS[name.toLowerCase().replace(/[-_ ]/g, '')], value]))
}

/** Names of sections in lower case; the last value of a name counts. */
function parseIni(text: string): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const name = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1]
    if (name !== undefined) {
      const key = name.trim().toLowerCase().replace(/\s+/g, ' ')
      section = sections.get(key) ?? new Map<string, string>()
      sections.set(key, section)
      continue
    }
    const [, key = '', value = ''] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key !== '') section.set(key, value)
  }
  return sections
}
