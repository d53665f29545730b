import { VERSION } from '../../../internal.js'
import { helpOf, type OptionSpec, spellingOf } from '../../options/specs/option-spec.js'
import { exitMeanings } from '../../process/exit-codes.js'
import type { Command } from '../command.js'
import { PROGRESS_WORDS } from './progress-words.js'

const WIDTH = 80

/** Longer synopses have their explanation on the next line. */
const WIDEST_LEFT = 28

/** The overview that `ossup` prints without arguments. */
export function overview(commands: readonly Command[]): string {
  const widest = Math.max(...commands.map(({ name }) => name.length))
  return [
    `ossup ${VERSION}: streams of any size into object storage, verified or not at all`,
    '',
    'ossup COMMAND ...',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`),
    '',
    'A TARGET is oss://bucket/key, obs://bucket/key or s3://bucket/key. Region and',
    'keys come from the environment (OSS_REGION, OSS_ACCESS_KEY_ID and',
    'OSS_ACCESS_KEY_SECRET; OBS_ and AWS_ for the others), from ~/.ossutilconfig or',
    '~/.aws, or from a role: see "Credentials" in ossup put --help.',
    'ossup COMMAND --help explains a command; ossup --version prints the version.',
  ].join('\n')
}

/** Returns the help of a command: every option in its group with its values, the meaning of the progress line, and the exit statuses. */
export function explain(command: Command): string {
  const { name, summary, synopses, examples } = command
  const options = optionsOf(command)
  const groups = [...new Set(options.map(({ group }) => group))]
  const statuses = exitMeanings(name).map(({ status, text }) => [status, text] as const)
  return [
    ...wrapped(`ossup ${name}: ${summary}`, WIDTH),
    ...synopses.map((synopsis) => `  ossup ${name} [OPTIONS] ${synopsis}`.trimEnd()),
    ...groups.flatMap((group) => [
      '',
      `${group}:`,
      ...explained(
        options
          .filter((option) => option.group === group)
          .map((option) => [`${option.short === undefined ? '    ' : ''}${spellingOf(option)}`, helpOf(option)]),
      ),
    ]),
    ...(PROGRESS_WORDS[name] === undefined ? [] : ['', 'Progress:', ...explained(PROGRESS_WORDS[name])]),
    '',
    'Exit status:',
    ...explained(statuses),
    '',
    ...examples.map((example) => `Example: ${example}`),
  ].join('\n')
}

/** Returns all options of a command, its own first. */
export function optionsOf({ options, sharedOptions }: Command): readonly OptionSpec[] {
  return [...options, ...sharedOptions]
}

/** Formats two columns. The right one always starts at the same position. */
function explained(rows: readonly (readonly [left: string, right: string])[]): string[] {
  const lengths = rows.map(([left]) => left.length).filter((length) => length <= WIDEST_LEFT)
  const column = 2 + Math.max(0, ...lengths) + 2
  return rows.flatMap(([left, right]) => {
    const lines = wrapped(right, WIDTH - column).map((line) => ' '.repeat(column) + line)
    if (left.length > column - 4) return [`  ${left}`, ...lines]
    const [first = '', ...others] = lines
    return [`  ${left}${first.slice(left.length + 2)}`.trimEnd(), ...others]
  })
}

/** Breaks between words. */
function wrapped(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    const joined = last === '' ? word : `${last} ${word}`
    if (joined.length <= width) lines[lines.length - 1] = joined
    else lines.push(word)
  }
  return lines
}
