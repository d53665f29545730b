import type { Command, OperandKind } from '../command.js'
import { helpOf, type OptionSpec } from '../../options/specs/option-spec.js'
import { PROVIDER_NAMES } from '../../../internal.js'

/** A script for zsh: as a file `_ossup` in its path of functions, or read by a shell in which compinit has run. */
export function zshCompletion(commands: readonly Command[]): string {
  return `#compdef ossup
# Completion of ossup for zsh: source <(ossup completion zsh)
_ossup_targets() {
  compadd -S '' -- ${PROVIDER_NAMES.map((name) => `${name}://`).join(' ')}
}
_ossup() {
  local -i end=\${words[(i)--]}
  if ((end < CURRENT)); then
    shift $end words
    ((CURRENT -= end))
    _normal
    return
  fi
  if ((CURRENT == 2)); then
    local -a commands=(
${commands.map(({ name, summary }) => `      ${quoted(`${name}:${summary}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT -= 1))
  case $command in
${commands.map(commandCase).join('\n')}
  esac
}
compdef _ossup ossup
if [[ $funcstack[1] == _ossup ]]; then _ossup "$@"; fi
`
}

function commandCase({ name, options, sharedOptions, operands }: Command): string {
  const specs = [
    ...[...options, ...sharedOptions].flatMap(optionSpecs),
    ...operands.kinds.map((kind, index) => {
      const isLast = index === operands.kinds.length - 1
      return `${isLast && operands.max === Infinity ? '*' : index + 1}:${operandSpec(kind)}`
    }),
  ]
  return `    ${name}) _arguments -s -S \\
${specs.map((spec) => `      ${quoted(spec)}`).join(' \\\n')} ;;`
}

function optionSpecs(option: OptionSpec): string[] {
  const { name, short, value, choices, isRepeated = false } = option
  const explanation = `[${helpOf(option).replace(/[\\[\]]/g, '\\$&')}]`
  const action = value === undefined ? '' : `:${value}:${actionOf(value, choices)}`
  const long = `--${name}${value === undefined ? '' : '='}`
  if (short === undefined) return [`${isRepeated ? '*' : ''}${long}${explanation}${action}`]
  const others = `(-${short} --${name})`
  return [
    `${others}-${short}${value === undefined ? '' : '+'}${explanation}${action}`,
    `${others}${long}${explanation}${action}`,
  ]
}

function actionOf(value: string, choices: readonly string[] = []): string {
  if (value === 'FILE') return '_files'
  if (value === 'FOLDER') return '_files -/'
  return choices.length === 0 ? '' : `(${choices.join(' ')})`
}

function operandSpec(kind: OperandKind): string {
  if (kind === 'target') return 'target:_ossup_targets'
  return kind === 'file' ? 'file:_files' : `word:(${kind.join(' ')})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
