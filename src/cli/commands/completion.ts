import { bashCompletion } from './bash-completion.js'
import type { Command, Invocation } from './command.js'
import { usageFailure } from '../process/failure.js'
import { zshCompletion } from './zsh-completion.js'

const SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
}

export const SHELLS: readonly string[] = Object.keys(SCRIPTS)

/** Prints a script that knows the commands and their options as they are here. */
export function completion({ operands, session }: Invocation, commands: readonly Command[]): Promise<void> {
  const [shell = ''] = operands
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined
  if (script === undefined) {
    throw usageFailure(`the shell is ${JSON.stringify(shell)}: accepted are ${SHELLS.join(' and ')}`)
  }
  session.stdout.write(script(commands))
  return Promise.resolve()
}
