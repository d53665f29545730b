/** Runs a command and uploads its standard output. Its exit code decides about success, not the end of its output. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { finished, Readable } from 'node:stream'
import { UploadError } from '../shared/errors.js'
import type { ByteSink } from './byte-sink.js'
import { cannotRun, endingOf } from './command-ending.js'
import { CommandErrors } from './command-errors.js'
import type { CheckedCommand } from './command-options.js'
import { blockingCopy, closePipe, openPipes, type PipeEnds } from './command-pipes.js'
import { readPipe } from './pipe-reader.js'
import { type CommandEnd, RunningCommand } from './running-command.js'
import { watchSilence } from './silence.js'
import { readStream } from './stream-reader.js'

/**
 * Runs the command and writes its output to the sink. Resolves when it has ended with an accepted exit code and its
 * output has ended, also that of processes that it left behind. Rejects with what fails first, also when the sink is
 * cancelled; the command was stopped then, with the processes that it had started: by SIGTERM, and after `graceMs` by
 * SIGKILL.
 */
export async function runCommand(checked: CheckedCommand, upload: ByteSink): Promise<void> {
  const { stderr, stdin, idleMs } = checked
  const { child, output, errorOutput } = await startWithPipes(checked, upload.cancelled)
  const running = new RunningCommand(child, checked.graceMs)
  const stop = (): void => void running.stop()
  const watch = idleMs === undefined ? undefined : watchSilence(upload, idleMs, () => silentFor(checked, idleMs))
  const sink = watch?.sink ?? upload
  sink.cancelled.addEventListener('abort', stop, { once: true })
  const errorSource = errorOutput?.readEnd ?? child.stderr
  const errors =
    typeof stderr === 'function' && errorSource !== null ? new CommandErrors(stderr, errorSource) : undefined
  const ended = running.ended.then((end) => {
    if (end.code === null || !checked.exitCodes.includes(end.code)) throw commandFailed(checked, end, errors?.end())
  })
  const reading =
    output === undefined ? readStream(child.stdout ?? Readable.from([]), sink) : readPipe(output.readEnd, sink)
  const failed = [errors?.failed, watch?.silent, feed(child, stdin)].filter((failure) => failure !== undefined)
  try {
    await Promise.race([Promise.all([ended, reading]), ...failed])
  } catch (error) {
    await running.stop()
    throw error
  } finally {
    sink.cancelled.removeEventListener('abort', stop)
    watch?.end()
    errors?.end()
    if (stdin instanceof Readable) stdin.destroy()
  }
}

/** Starts the command with real pipes, if the system supports them. Throws if it cannot be started, or is cancelled. */
async function startWithPipes(
  checked: CheckedCommand,
  cancelled: AbortSignal,
): Promise<{ child: ChildProcess; output: PipeEnds | undefined; errorOutput: PipeEnds | undefined }> {
  const pipes = await openPipes(typeof checked.stderr === 'function' ? 2 : 1)
  const [output, errorOutput] = pipes ?? []
  let child: ChildProcess
  try {
    cancelled.throwIfAborted()
    child = start(checked, output, errorOutput)
  } catch (error) {
    pipes?.forEach(closePipe)
    throw error
  }
  pipes?.forEach(({ writeEnd }) => closeSync(writeEnd))
  return { child, output, errorOutput }
}

function start(checked: CheckedCommand, output?: PipeEnds, errorOutput?: PipeEnds): ChildProcess {
  const { command, args, cwd, env, stdin, stderr, descriptors } = checked
  const input = stdin === 'inherit' ? blockingCopy(0) : undefined
  const errors = stderr === 'inherit' ? blockingCopy(2) : undefined
  const stdio: ('ignore' | 'inherit' | 'pipe' | number)[] = [
    input ?? (stdin instanceof Readable ? 'pipe' : stdin),
    output?.writeEnd ?? 'pipe',
    errors ?? errorOutput?.writeEnd ?? (typeof stderr === 'function' ? 'pipe' : stderr),
  ]
  const last = Math.max(2, ...descriptors)
  for (let fd = 3; fd <= last; fd += 1) stdio.push(descriptors.includes(fd) ? fd : 'ignore')
  try {
    return spawn(command, args, { stdio, ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) })
  } catch (error) {
    throw commandFailed(checked, { code: null, signal: null, error: error as Error }, undefined)
  } finally {
    for (const copy of [input, errors]) if (copy !== undefined) closeSync(copy)
  }
}

/** Writes the standard input of the command. Rejects if the stream fails, which the command would mistake for the end. */
function feed(child: ChildProcess, stdin: CheckedCommand['stdin']): Promise<never> | undefined {
  const input = child.stdin
  if (!(stdin instanceof Readable) || input === null) return undefined
  // A command may end before it has read everything.
  input.on('error', () => undefined)
  const failed = new Promise<never>((_resolve, reject) => {
    finished(stdin, { writable: false }, (error) => {
      if (error !== undefined && error !== null) reject(error)
    })
  })
  failed.catch(() => undefined)
  stdin.pipe(input)
  return failed
}

function commandFailed(checked: CheckedCommand, { code, signal, error }: CommandEnd, stderr?: string): UploadError {
  const { command, cwd } = checked
  if (error !== undefined) return new UploadError('COMMAND_FAILED', cannotRun(command, error, cwd), { cause: error })
  return new UploadError('COMMAND_FAILED', `${command} ended with ${endingOf(code, signal)}`, {
    exitCode: code ?? undefined,
    signal: signal ?? undefined,
    stderr,
  })
}

function silentFor({ command }: CheckedCommand, idleMs: number): UploadError {
  return new UploadError('COMMAND_FAILED', `${command} wrote nothing for ${idleMs / 1000} s, and was ended`)
}
