/** Commands of the machine, such as the clients of databases, run for tests. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'

export type Command = readonly [name: string, ...args: string[]]

/** What the command wrote. Throws, with what it said, when it did not end well. */
export async function run(command: Command, input = ''): Promise<string> {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
  const output = text(child.stdout)
  await finish(command, child, pipeline(input === '' ? [] : [input], child.stdin))
  return output
}

/** Has the command read all of `source`, and waits until it has ended well. What it writes is not looked at. */
export async function feed(command: Command, source: Readable): Promise<void> {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'ignore', 'pipe'] })
  await finish(command, child, pipeline(source, child.stdin))
}

/**
 * The recommended way to upload what a command writes: a stream that ends well only if the command does. The end of
 * its standard output alone says nothing: a command that is killed half-way closes it as well.
 */
export function outputOf(child: ChildProcessByStdio<Writable | null, Readable, Readable | null>): Readable {
  const output = new PassThrough()
  child.stdout.pipe(output, { end: false })
  child.once('error', (error) => output.destroy(error))
  child.once('close', (code, signal) => {
    if (code === 0) output.end()
    else output.destroy(new Error(`${child.spawnfile} ended with ${signal ?? `status ${code ?? 'unknown'}`}`))
  })
  // Where the upload fails, the command must not wait for a reader that is gone.
  output.once('close', () => child.kill())
  return output
}

/** Why the command cannot be used here; undefined when it ends well. */
export function whyNot(command: Command): string | undefined {
  const [name, ...args] = command
  const { error, status, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 10_000 })
  if (error !== undefined) return `${name} cannot be run: ${error.message}`
  return status === 0 ? undefined : `${name} ended with status ${status ?? 'unknown'}: ${stderr.trim()}`
}

async function finish(
  [name]: Command,
  child: ChildProcessByStdio<Writable, Readable | null, Readable>,
  fed: Promise<void>,
): Promise<void> {
  const said = text(child.stderr)
  // A command that fails does not read on: what it said is the better error.
  const [[code, signal], feeding] = await Promise.all([
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    fed.then(
      () => undefined,
      (error: unknown) => error,
    ),
  ])
  if (code !== 0) throw new Error(`${name} ended with ${signal ?? `status ${code ?? 'unknown'}`}: ${await said}`)
  if (feeding !== undefined) throw feeding as Error
}
