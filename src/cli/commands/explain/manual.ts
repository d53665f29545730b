/** Makes the manual page from the help of every command, for `man ossup`. The build of the package calls it. */
import { VERSION } from '../../../internal.js'
import { helpOf, type OptionSpec } from '../../options/specs/option-spec.js'
import { exitMeanings } from '../../process/exit-codes.js'
import type { Command } from '../command.js'
import { COMMANDS } from '../commands.js'
import { PROGRESS_WORDS } from './progress-words.js'

/** Returns the page in the macros of man(7). */
export function manualPage(): string {
  const lines = [
    `.TH OSSUP 1 "" "ossup ${VERSION}" "User commands"`,
    // Names are not hyphenated, and text is not justified.
    '.nh',
    '.ad l',
    '.SH NAME',
    'ossup \\- streams of any size into object storage, verified or not at all',
    '.SH SYNOPSIS',
    ...COMMANDS.flatMap(({ name, synopses }) => synopses.flatMap((synopsis) => ['.br', synopsisOf(name, synopsis)])),
    '.SH DESCRIPTION',
    ...paragraph(
      'ossup stores what a command writes, standard input or files in Alibaba Cloud OSS, Huawei Cloud OBS or an S3-compatible store. An object is published only when all of it was sent and verified, and the output of a command only if the command exits with status 0.',
    ),
    ...paragraph(
      'A TARGET is oss://bucket/key, obs://bucket/key or s3://bucket/key. A size is in bytes, or has a unit: 8MiB, 8MB. A time has s, m, h, d or w.',
    ),
    '.SH COMMANDS',
    ...COMMANDS.flatMap(commandSection),
    ...sharedSections(),
    '.SH PROGRESS',
    ...entries(PROGRESS_WORDS['put'] ?? []),
    '.SH EXIT STATUS',
    ...exitSection(),
    '.SH ENVIRONMENT',
    ...entries(ENVIRONMENT),
    '.SH FILES',
    ...entries(FILES),
  ]
  return `${lines.join('\n')}\n`
}

const ENVIRONMENT = [
  [
    'OSS_REGION, OSS_BUCKET, OSS_ENDPOINT, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN',
    'where a bucket of OSS is, and whose keys sign',
  ],
  [
    'OBS_REGION, OBS_BUCKET, OBS_ENDPOINT, OBS_ACCESS_KEY_ID, OBS_SECRET_ACCESS_KEY, OBS_SECURITY_TOKEN',
    'the same of OBS',
  ],
  [
    'AWS_REGION, AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE',
    'the same of S3',
  ],
  ['https_proxy, no_proxy', 'the proxy, and the hosts that are reached without it'],
  ['NO_COLOR', 'no colours'],
] as const

const FILES = [
  ['~/.ossutilconfig', 'keys, region and endpoint for oss://, as ossutil writes them'],
  ['~/.aws/credentials, ~/.aws/config', 'profiles for s3://, as the AWS CLI writes them'],
] as const

function commandSection({ name, summary, synopses, options, examples }: Command): string[] {
  return [
    `.SS ossup ${name}`,
    ...paragraph(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...synopses.flatMap((synopsis) => ['.br', synopsisOf(name, synopsis)]),
    ...groupsOf(options).flatMap(([group, own]) => [
      ...(group === 'Options' ? [] : ['.PP', `${escaped(group)}:`]),
      ...own.flatMap(optionEntry),
    ]),
    ...(examples.length === 0 ? [] : ['.PP', 'Example:']),
    ...examples.flatMap((example) => ['.PP', '.RS 4', '.nf', escaped(example), '.fi', '.RE']),
  ]
}

/** The options that several commands share, each once. */
function sharedSections(): string[] {
  const shared = new Map(COMMANDS.flatMap(({ sharedOptions }) => sharedOptions).map((option) => [option.name, option]))
  return [
    '.SH COMMON OPTIONS',
    ...groupsOf([...shared.values()]).flatMap(([group, options]) => [
      `.SS "${escaped(group)}"`,
      ...options.flatMap(optionEntry),
    ]),
  ]
}

/** The meaning of a status may differ between commands. */
function exitSection(): string[] {
  const meanings = new Map<string, { status: string; text: string; names: string[] }>()
  for (const { name } of COMMANDS) {
    for (const { status, text } of exitMeanings(name)) {
      const meaning = meanings.get(`${status} ${text}`) ?? { status, text, names: [] }
      meaning.names.push(name)
      meanings.set(`${status} ${text}`, meaning)
    }
  }
  return [...meanings.values()]
    .sort((a, b) => Number.parseInt(a.status, 10) - Number.parseInt(b.status, 10))
    .flatMap(({ status, text, names }) => {
      const isOfAll = names.length === COMMANDS.length
      return entry(`.B ${escaped(status)}`, isOfAll ? text : `${names.join(', ')}: ${text}`)
    })
}

function groupsOf(options: readonly OptionSpec[]): [group: string, options: OptionSpec[]][] {
  const groups = new Map<string, OptionSpec[]>()
  for (const option of options) groups.set(option.group, [...(groups.get(option.group) ?? []), option])
  return [...groups]
}

function optionEntry(option: OptionSpec): string[] {
  const { name, short, value } = option
  const names = [...(short === undefined ? [] : [`-${short}`]), `--${name}`].map((text) => `\\fB${escaped(text)}\\fR`)
  return entry(`${names.join(', ')}${value === undefined ? '' : ` \\fI${escaped(value)}\\fR`}`, helpOf(option))
}

function entries(rows: readonly (readonly [left: string, right: string])[]): string[] {
  return rows.flatMap(([left, right]) => entry(`.B ${escaped(left)}`, right))
}

function entry(tag: string, text: string): string[] {
  return ['.TP', tag, escaped(text)]
}

function synopsisOf(name: string, synopsis: string): string {
  return `\\fBossup ${name}\\fR [\\fIOPTIONS\\fR] ${escaped(synopsis)}`.trimEnd()
}

function paragraph(text: string): string[] {
  return ['.PP', escaped(text)]
}

/** Escapes what the formatter would interpret: a dot at the start of a line, and the hyphen, which is not a dash. */
function escaped(text: string): string {
  return text
    .replace(/\\/g, '\\e')
    .replace(/-/g, '\\-')
    .replace(/~/g, '\\(ti')
    .replace(/'/g, '\\(aq')
    .replace(/"/g, '\\(dq')
    .replace(/^\./, '\\&.')
}
