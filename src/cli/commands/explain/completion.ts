import { bashCompletion } from './bash-completion.js'
import type { Command, Invocation } from '../command.js'
import { fishCompletion } from './fish-completion.js'
import type { Shell } from './shells.js'
import { usageFailure } from '../../process/failure.js'
import { zshCompletion } from './zsh-completion.js'

const SCRIPTS = {
  bash: bashCompletion,
  fish: fishCompletion,
  zsh: zshCompletion,
} satisfies Record<Shell, unknown>

/** Prints a completion script, generated from the commands and their options. */
export function completion({ operands, session }: Invocation, commands: readonly Command[]): Promise<void> {
  const [shell = ''] = operands
  if (!isShell(shell)) {
    throw usageFailure(`the shell must be ${Object.keys(SCRIPTS).join(', ')} (got ${JSON.stringify(shell)})`)
  }
  session.stdout.write(SCRIPTS[shell](commands))
  return Promise.resolve()
}

function isShell(name: string): name is Shell {
  return Object.hasOwn(SCRIPTS, name)
}
