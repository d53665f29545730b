import { parseArgs } from 'node:util'
import { messageOf, usageFailure } from '../process/failure.js'
import { Options } from './options.js'
import { suggestionFor } from '../../internal.js'
import type { OptionSpec } from './specs/option-spec.js'

export interface Arguments {
  options: Options
  operands: string[]
  /** What follows `--`. */
  rest: string[] | undefined
}

/** Throws Failure if an option is unknown, lacks its value or must not have one. */
export function parseArguments(specs: readonly OptionSpec[], args: readonly string[]): Arguments {
  const end = args.indexOf('--')
  const own = end === -1 ? args : args.slice(0, end)
  const options = Object.fromEntries(
    specs.map(({ name, short, value, isRepeated = false }) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: isRepeated,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  )
  try {
    const { values, positionals } = parseArgs({ args: joinFreeText(specs, own), options, allowPositionals: true })
    return {
      options: new Options(values),
      operands: positionals,
      rest: end === -1 ? undefined : args.slice(end + 1),
    }
  } catch (error) {
    // The parser's own advice about positional arguments does not apply here.
    const message = messageOf(error).replace(/\. To specify a positional argument.*$/, '')
    const [, unknown] = /^Unknown option '--([^']+)'/.exec(message) ?? []
    const names = specs.map(({ name }) => name)
    throw usageFailure(message + (unknown === undefined ? '' : suggestionFor(unknown, names, '--')))
  }
}

/** The parser accepts a value that starts with a dash only after `=`. The last lines of SQL dumps start with two dashes. */
function joinFreeText(specs: readonly OptionSpec[], args: readonly string[]): string[] {
  const names = specs.filter(({ isFreeText = false }) => isFreeText).map(({ name }) => `--${name}`)
  const joined: string[] = []
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? ''
    const value = args[index + 1]
    if (names.includes(arg) && value !== undefined) {
      joined.push(`${arg}=${value}`)
      index += 1
    } else {
      joined.push(arg)
    }
  }
  return joined
}
