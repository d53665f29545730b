/** Texts about the end of a command. */

/** Returns the signal that ended a process, or its exit code. */
export function endingOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `status ${code ?? 'unknown'}`
}

/** Returns why a command could not be started. */
export function cannotRun(name: string, error: NodeJS.ErrnoException, cwd?: string | URL): string {
  if (error.code !== 'ENOENT') return `${name} cannot be run: ${error.code ?? error.message}`
  if (cwd !== undefined) return `there is no command ${JSON.stringify(name)}, or no folder ${String(cwd)}`
  // A command line in quotes is one word.
  const advice = /\s/.test(name) ? '; its arguments are words of their own, and a shell is sh -c' : ''
  return `there is no command ${JSON.stringify(name)}${advice}`
}
