import { PROVIDER_NAMES } from '../../../internal.js'
import { helpOf, type OptionSpec } from '../../options/specs/option-spec.js'
import type { Command, OperandKind } from '../command.js'
import { optionsOf } from './help.js'

/**
 * A script for fish 3 and later. It completes what follows `--` as a separate command line, and before that options with their values
 * and operands by their position.
 */
export function fishCompletion(commands: readonly Command[]): string {
  const valued = [...new Set(commands.flatMap(optionsOf).filter(hasValue).flatMap(spellings))]
  return `# Completion of ossup for fish: ossup completion fish | source
# The words before the cursor that are neither options nor their values, the command first.
function __ossup_operands
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1
      set skip 0
    else if contains -- $word ${valued.join(' ')}
      set skip 1
    else if not string match -q -- '-*' $word
      echo $word
    end
  end
end
function __ossup_is
  set -l operands (__ossup_operands)
  not contains -- -- (commandline -opc); and test "$operands[1]" = $argv[1]
end
function __ossup_operand
  __ossup_is $argv[1]; and test (count (__ossup_operands)) -ge $argv[2]; and test (count (__ossup_operands)) -le $argv[3]
end
function __ossup_words_of_command
  set -l words (commandline -opc) (commandline -ct)
  set -l end (contains -i -- -- $words)
  complete -C (string join ' ' -- (string escape -- $words[(math $end + 1)..-2]) $words[-1])
end
complete -c ossup -f
complete -c ossup -n 'contains -- -- (commandline -opc)' -a '(__ossup_words_of_command)'
complete -c ossup -n 'test (count (__ossup_operands)) = 0' -l help -d 'explain the command'
complete -c ossup -n 'test (count (__ossup_operands)) = 0' -l version -d 'print the version'
${commands.map(({ name, summary }) => `complete -c ossup -n 'test (count (__ossup_operands)) = 0' -a ${name} -d ${quoted(summary)}`).join('\n')}
${commands.map(ofCommand).join('\n')}
`
}

function ofCommand(command: Command): string {
  const { name, operands } = command
  return [
    `# ${name}`,
    ...optionsOf(command).map((option) => optionLine(name, option)),
    ...operands.kinds.map((kind, index) => {
      const isLast = index === operands.kinds.length - 1
      const last = isLast && operands.max === Infinity ? 999 : index + 1
      return `complete -c ossup -n '__ossup_operand ${name} ${index + 1} ${last}' ${wordsOf(kind)}`
    }),
  ].join('\n')
}

function optionLine(command: string, option: OptionSpec): string {
  const { name, short, value, choices = [] } = option
  return [
    `complete -c ossup -n '__ossup_is ${command}'`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    `-l ${name}`,
    ...(value === undefined ? [] : [value === 'FILE' ? '-r -F' : value === 'FOLDER' ? FOLDERS : '-x']),
    ...(choices.length === 0 ? [] : [`-a ${quoted(choices.join(' '))}`]),
    `-d ${quoted(helpOf(option))}`,
  ].join(' ')
}

const FOLDERS = "-x -a '(__fish_complete_directories (commandline -ct))'"

function wordsOf(kind: OperandKind): string {
  if (kind === 'file') return '-F'
  return `-a ${quoted((kind === 'target' ? PROVIDER_NAMES.map((name) => `${name}://`) : kind).join(' '))}`
}

function hasValue({ value }: OptionSpec): boolean {
  return value !== undefined
}

function spellings({ name, short }: OptionSpec): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${name}`]
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
