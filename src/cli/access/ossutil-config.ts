/**
 * Reads the configuration file of ossutil, `~/.ossutilconfig`: an INI file with credentials and endpoints. A name may be spelt in
 * several ways. Version 1 has its credentials in `[Credentials]`, version 2 in `[default]` and `[profile NAME]` (OSS, "Configure
 * ossutil").
 */
import { join } from 'node:path'
import { usageFailure } from '../process/failure.js'
import type { Options } from '../options/options.js'
import { homeOf, parseIni, readConfigFile, type Sections } from './config-files.js'
import type { CredentialsOrigin } from './origin.js'

export interface OssutilConfig {
  credentials: CredentialsOrigin
  region?: string
  endpoint?: string
  addressing?: string
  /** The endpoints of single buckets, and the domains that are bound to them. */
  bucketEndpoints: ReadonlyMap<string, string>
  bucketCnames: ReadonlyMap<string, string>
}

type Setting =
  | 'id'
  | 'secret'
  | 'token'
  | 'endpoint'
  | 'region'
  | 'mode'
  | 'source'
  | 'addressing'
  | 'ecsRole'
  | 'role'
  | 'session'
  | 'externalId'
  | 'process'

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
  ecsrolename: 'ecsRole',
  ramrolename: 'ecsRole',
  rolearn: 'role',
  ramrolearn: 'role',
  rolesessionname: 'session',
  externalid: 'externalId',
  credentialprocess: 'process',
}

/** Returns the given file, or that of the user; undefined for a user without a home. */
export function configPath(options: Options, environment: NodeJS.ProcessEnv): string | undefined {
  const home = homeOf(environment)
  return options.text('config') ?? (home === undefined ? undefined : join(home, '.ossutilconfig'))
}

/** Reads the file. Returns undefined if it does not exist. Throws Failure if it cannot be used. */
export function readOssutilConfig(path: string | undefined, profile?: string): OssutilConfig | undefined {
  const text = readConfigFile(path)
  return path === undefined || text === undefined ? undefined : parseOssutilConfig(text, path, profile)
}

/**
 * `profile` is a profile of version 2. Without it, the credentials of `[default]` are used, otherwise those of `[Credentials]`.
 *
 * @throws {Failure} if the file cannot be used, or has no such profile.
 */
export function parseOssutilConfig(text: string, path: string, profile?: string): OssutilConfig {
  const sections = new Map([...parseIni(text)].map(([name, values]) => [name.toLowerCase(), values]))
  const { name, settings } = settingsOf(sections, path, profile)
  const region = settings.get('region') ?? ''
  const endpoint = settings.get('endpoint') ?? ''
  const addressing = settings.get('addressing') ?? ''
  return {
    credentials: originOf(settings, `${path} below [${name}]`),
    ...(region === '' ? {} : { region }),
    ...(endpoint === '' ? {} : { endpoint }),
    ...(addressing === '' ? {} : { addressing }),
    bucketEndpoints: sections.get('bucket-endpoint') ?? new Map(),
    bucketCnames: sections.get('bucket-cname') ?? new Map(),
  }
}

type Settings = ReadonlyMap<Setting | undefined, string>

/** Returns the source of the credentials of a section. @throws {Failure} if the section is incomplete. */
function originOf(settings: Settings, where: string): CredentialsOrigin {
  const setting = (name: Setting): string => settings.get(name) ?? ''
  const mode = setting('mode')
  const [accessKeyId, accessKeySecret, securityToken] = [setting('id'), setting('secret'), setting('token')]
  const keys = { accessKeyId, accessKeySecret, ...(securityToken === '' ? {} : { securityToken }) }
  switch (mode.toLowerCase()) {
    case '':
    case 'ak':
    case 'ststoken':
      if (accessKeyId === '' || accessKeySecret === '') {
        throw usageFailure(`${where} must have accessKeyID and accessKeySecret`)
      }
      return { by: 'keys', keys }
    case 'process':
      if (setting('process') === '') throw usageFailure(`${where} must have credential-process`)
      return { by: 'process', command: setting('process'), where }
    case 'ecsramrole':
      return { by: 'alicloud', config: { type: 'ecs_ram_role', roleName: setting('ecsRole') } }
    case 'ramrolearn':
      if (setting('role') === '' || accessKeyId === '' || accessKeySecret === '') {
        throw usageFailure(`${where} must have ram-role-arn, accessKeyID and accessKeySecret`)
      }
      return {
        by: 'alicloud',
        config: {
          type: 'ram_role_arn',
          ...keys,
          roleArn: setting('role'),
          roleSessionName: setting('session') === '' ? 'ossup' : setting('session'),
          externalId: setting('externalId'),
        },
      }
    default:
      throw usageFailure(
        `${where}: mode must be AK, StsToken, EcsRamRole, RamRoleArn or Process (got ${JSON.stringify(mode)})`,
      )
  }
}

/** Returns the selected section, with the settings that it inherits. */
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

/** A profile may inherit the settings of another one. */
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
