import { VERSION } from '../../internal.js'
import type { Command } from './command.js'
import { helpOf, type OptionSpec } from '../options/option-specs.js'

const WIDTH = 80

/** What there is, for who types `ossup` alone. */
export function overview(commands: readonly Command[]): string {
  const widest = Math.max(...commands.map(({ name }) => name.length))
  return [
    `ossup ${VERSION}: streams of any size into object storage, verified or not at all`,
    '',
    'ossup COMMAND ...',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(widest)}  ${summary}`),
    '',
    'A TARGET is oss://bucket/key, obs://bucket/key or s3://bucket/key. For OSS the',
    'environment has OSS_REGION, OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or',
    '~/.ossutilconfig says where and who; OBS_ and AWS_ variables are for the others.',
    'ossup COMMAND --help explains a command; ossup --version tells the version.',
  ].join('\n')
}

/** A command on one screen: its own options explained, those it shares named. */
export function explain(command: Command): string {
  const { name, summary, synopses, options, sharedOptions, examples } = command
  const left = options.map(spelling)
  const widest = Math.max(0, ...left.map((text) => text.length))
  return [
    `ossup ${name}: ${summary}`,
    ...synopses.map((synopsis) => `  ossup ${name} [OPTIONS] ${synopsis}`.trimEnd()),
    ...(options.length === 0 ? [] : ['Options:']),
    ...options.map((option, index) => `  ${(left[index] ?? '').padEnd(widest)}  ${helpOf(option)}`),
    ...wrap(
      `Also: ${sharedOptions
        .map(spelling)
        .map((text) => text.replace(/^ +/, ''))
        .join(', ')}.`,
      WIDTH,
    ),
    ...examples.map((example) => `Example: ${example}`),
  ].join('\n')
}

function spelling({ name, short, value }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

/** Breaks between options, not within one. */
function wrap(text: string, width: number): string[] {
  const lines = ['']
  for (const piece of text.split(/(?<=,) (?=-)/)) {
    const last = lines.at(-1) ?? ''
    const joined = last === '' ? piece : `${last} ${piece}`
    if (joined.length <= width) lines[lines.length - 1] = joined
    else lines.push(`  ${piece}`)
  }
  return lines
}
