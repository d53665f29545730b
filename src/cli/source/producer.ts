/** A command whose output is uploaded. The end of its output says nothing: how it ends decides. */
import { type ChildProcess, spawn } from 'node:child_process'
import { PassThrough, type Readable } from 'node:stream'
import { EXIT } from '../process/exit-codes.js'
import { Failure } from '../process/failure.js'

/** How long a producer may take to end after SIGTERM. */
const GRACE_MS = 5_000

export interface Producer {
  /** Ends well only if the producer exits 0; destroying it ends the producer. */
  output: Readable
  /** What it says on standard error, where that was asked for. */
  errors: Readable | undefined
  /** When the process is gone. */
  gone: Promise<void>
}

/** `ownErrors`: its standard error is read here, because something else is drawn on the same terminal. */
export function startProducer(command: readonly string[], ownErrors: boolean): Producer {
  const [name = '', ...args] = command
  const child = spawn(name, args, { stdio: ['inherit', 'pipe', ownErrors ? 'pipe' : 'inherit'] })
  const output = new PassThrough({ highWaterMark: 256 * 1024 })
  const stdout = child.stdout
  stdout?.pipe(output, { end: false })
  stdout?.on('error', (error) => output.destroy(error))
  const gone = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      output.destroy(new Failure(EXIT.source, cannotRun(name, error), error))
      if (child.pid === undefined) resolve()
    })
    child.once('exit', (code, signal) => {
      resolve()
      if (code !== 0) output.destroy(new Failure(EXIT.source, `${name} ended with ${endingOf(code, signal)}`))
    })
  })
  // Also of a grandchild that holds the pipe: only then has all of the output come.
  child.once('close', (code) => {
    if (code === 0) output.end()
  })
  output.once('close', () => {
    stdout?.destroy()
    stop(child)
  })
  return { output, errors: child.stderr ?? undefined, gone }
}

function stop(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
  child.once('exit', () => clearTimeout(timer))
}

export function endingOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `status ${code ?? 'unknown'}`
}

export function cannotRun(name: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') {
    // A command line in quotes is one word.
    const advice = /\s/.test(name) ? '; its arguments are words of their own, and a shell is sh -c' : ''
    return `there is no command ${JSON.stringify(name)}${advice}`
  }
  return `${name} cannot be run: ${error.code ?? error.message}`
}
