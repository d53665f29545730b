/** Finds the configuration files of other tools, and parses their INI format. */
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { messageOf, usageFailure } from '../process/failure.js'

export type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>

/** Returns the home folder of the user; undefined if there is none. An empty HOME would mean the working folder. */
export function homeOf({ HOME = '' }: NodeJS.ProcessEnv): string | undefined {
  if (HOME !== '') return HOME
  try {
    const { homedir } = userInfo()
    return homedir === '' ? undefined : homedir
  } catch {
    // A container may run under a user id that has no entry in passwd.
    return undefined
  }
}

/** Returns the text of a file; undefined if there is none. @throws {Failure} if it cannot be read. */
export function readConfigFile(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw usageFailure(`${path} cannot be read: ${messageOf(error)}`)
  }
}

/**
 * Parses sections of `name = value`; the last value of a name is used. With `hasNested`, the format of AWS, an indented line belongs to
 * the name without a value above it: it becomes `s3.addressing_style`.
 */
export function parseIni(
  text: string,
  { hasNested = false }: { hasNested?: boolean } = {},
): Map<string, Map<string, string>> {
  const sections = new Map<string, Map<string, string>>()
  let section = new Map<string, string>()
  let parent = ''
  for (const line of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const name = /^\s*\[([^\]]*)\]\s*(?:[#;].*)?$/.exec(line)?.[1]
    if (name !== undefined) {
      const key = name.trim().replace(/\s+/g, ' ')
      section = sections.get(key) ?? new Map<string, string>()
      sections.set(key, section)
      parent = ''
      continue
    }
    const [, indent = '', key = '', value = ''] = /^(\s*)([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (key === '') continue
    const isNested = hasNested && indent !== '' && parent !== ''
    if (!isNested) parent = value === '' ? key : ''
    section.set(isNested ? `${parent}.${key}` : key, value)
  }
  return sections
}
