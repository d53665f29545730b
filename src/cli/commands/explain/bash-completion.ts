import type { Command } from '../command.js'
import type { OptionSpec } from '../../options/specs/option-spec.js'
import { PROVIDER_NAMES } from '../../../internal.js'

/**
 * A script for bash 4 and later. bash breaks words at `:` and `=`, so a target is three words, and an option with its value may be as
 * well.
 */
export function bashCompletion(commands: readonly Command[]): string {
  const options = commands.flatMap(({ options, sharedOptions }) => [...options, ...sharedOptions])
  const valued = unique(options.filter(({ value }) => value !== undefined))
  return `# Completion of ossup for bash: source <(ossup completion bash)
_ossup() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local words= valued=' ${valued.flatMap(spellings).join(' ')} '
  local -i index operands=0 isValue=0 isJoined=0
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help --version' -- "$word"))
    return
  fi
  for ((index = 2; index < COMP_CWORD; index++)); do
    case \${COMP_WORDS[index]} in
      --)
        if declare -F _command_offset > /dev/null; then _command_offset $((index + 1))
        elif ((index + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "$word"))
        else COMPREPLY=($(compgen -f -- "$word"))
        fi
        return ;;
      =) ;;
      :) isJoined=1 ;;
      *)
        if ((isValue)); then isValue=0
        elif ((isJoined)); then isJoined=0
        elif [[ $valued == *" \${COMP_WORDS[index]} "* ]]; then isValue=1
        elif [[ \${COMP_WORDS[index]} != -* ]]; then operands+=1
        fi ;;
    esac
  done
  if ((isJoined)) || [[ $word == : ]]; then return; fi
  if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if ((isValue)); then
    case $before in
${valued
  .filter(({ value = '', choices }) => choices !== undefined || value in PATHS)
  .map(valueCase)
  .join('\n')}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    return
  fi
  case \${COMP_WORDS[1]} in
${commands.map(commandCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _ossup ossup
`
}

function valueCase(option: OptionSpec): string {
  const { value = '', choices = [] } = option
  return `      ${spellings(option).join('|')}) ${PATHS[value] ?? `words='${choices.join(' ')}'`} ;;`
}

/** What completes a path, by its name in the help. */
const PATHS: Readonly<Record<string, string>> = {
  FILE: pathsOf('-f'),
  FOLDER: pathsOf('-d'),
}

function pathsOf(kind: '-f' | '-d'): string {
  return `compopt -o filenames; mapfile -t COMPREPLY < <(compgen ${kind} -- "$word"); return`
}

function commandCase({ name, options, sharedOptions, operands }: Command): string {
  const operandCases = operands.kinds.map((kind, index) => {
    const isLast = index === operands.kinds.length - 1
    const place = isLast && operands.max === Infinity ? `operands >= ${index}` : `operands == ${index}`
    return `      elif ((${place})); then ${operandWords(kind)}`
  })
  return `    ${name})
      if [[ $word == -* ]]; then words='${[...options, ...sharedOptions].flatMap(spellings).join(' ')}'
${operandCases.map((text) => `${text}\n`).join('')}      fi ;;`
}

function operandWords(kind: Command['operands']['kinds'][number]): string {
  if (kind === 'file') return pathsOf('-f')
  if (kind === 'target') return `compopt -o nospace; words='${PROVIDER_NAMES.map((name) => `${name}://`).join(' ')}'`
  return `words='${kind.join(' ')}'`
}

function spellings({ name, short }: OptionSpec): string[] {
  return [...(short === undefined ? [] : [`-${short}`]), `--${name}`]
}

function unique(options: readonly OptionSpec[]): OptionSpec[] {
  return [...new Map(options.map((option) => [option.name, option])).values()]
}
