/** Options of every command, and of every command that prints something. */
import { COLOUR_TIMES } from '../../process/output.js'
import { grouped, type OptionSpec } from './option-spec.js'

const OUTPUT = 'Output'

export const JSON_OPTION: readonly OptionSpec[] = grouped(OUTPUT, [
  { name: 'json', help: 'one JSON document a line, for programs' },
])

export const PROGRESS_OPTION: readonly OptionSpec[] = grouped(OUTPUT, [
  {
    name: 'progress-every',
    value: 'TIME',
    help: 'how often to report progress (default 30s in logs, never with --json)',
  },
])

export const GENERAL_OPTIONS: readonly OptionSpec[] = grouped(OUTPUT, [
  { name: 'color', value: 'WHEN', choices: COLOUR_TIMES, help: 'red errors, green results' },
  { name: 'quiet', short: 'q', help: 'print errors only' },
  { name: 'debug', help: 'print a stack trace with an error, without secrets' },
  { name: 'help', short: 'h', help: 'explain the command' },
])
