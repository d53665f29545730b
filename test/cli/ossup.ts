/**
 * The command, its store told by environment variables: in this process where what it does is the point, in a process
 * of its own where the process is: its signals, pipes, terminal, exit and start, and what a command after `--` inherits.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { run } from '../../src/cli/run.js'
import type { Emulator } from '../../src/emulator/index.js'
import { environmentOf } from '../support/examples.js'
import { PROJECT } from '../support/project.js'

/** What users start: one file of code loads in half the time of the compiled files. */
const MAIN = path.join(PROJECT, 'dist/ossup.cjs')

export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** How a shell calls ossup. */
export const OSSUP: string = [process.execPath, MAIN].map(quoted).join(' ')

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

interface ProcessEnded extends Ended {
  signal: NodeJS.Signals | null
}

interface Given {
  input?: string | Uint8Array
  environment?: NodeJS.ProcessEnv
  /** Standard output and standard error are a terminal, as far as the command sees. */
  isTerminal?: boolean
}

export interface RunningOssup {
  child: ChildProcessByStdio<Writable, Readable, Readable>
  /** When the process is gone. */
  ended: Promise<ProcessEnded>
}

/** No configuration of the machine's user plays a part. */
export function ossupEnvironment(emulator: Emulator | undefined): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !/^(OSS_|NO_COLOR$|FORCE_COLOR$)/.test(name))
  return {
    ...Object.fromEntries(others),
    HOME: '/nonexistent',
    ...(emulator === undefined ? {} : environmentOf(emulator)),
  }
}

export function startOssup(
  emulator: Emulator | undefined,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): RunningOssup {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: PROJECT,
    env: { ...ossupEnvironment(emulator), ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // One that ends without having read everything is no failure of its own.
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  // A test may take the reader of its output away.
  const output = text(child.stdout).catch(() => '')
  const ended = Promise.all([closed, output, text(child.stderr)]).then(([[code, signal], stdout, stderr]) => ({
    code,
    signal,
    stdout,
    stderr,
  }))
  return { child, ended }
}

/** Runs the command in this process. */
export async function ossup(
  emulator: Emulator | undefined,
  args: readonly string[],
  { input = '', environment = {}, isTerminal = false }: Given = {},
): Promise<Ended> {
  const [stdout, stderr] = [new Collected(isTerminal), new Collected(isTerminal)]
  const code = await run({
    args,
    stdin: Readable.from([Buffer.from(input)]),
    descriptors: () => [],
    stdout,
    stderr,
    environment: { ...ossupEnvironment(emulator), ...environment },
  })
  return { code, stdout: stdout.text, stderr: stderr.text }
}

class Collected extends Writable {
  readonly isTTY: boolean
  readonly #chunks: Buffer[] = []

  constructor(isTTY: boolean) {
    super()
    this.isTTY = isTTY
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.#chunks.push(chunk)
    callback()
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString()
  }
}

/** Runs the command in a process of its own. */
export function ossupProcess(
  emulator: Emulator | undefined,
  args: readonly string[],
  { input = '', environment = {} }: Given = {},
): Promise<ProcessEnded> {
  const { child, ended } = startOssup(emulator, args, environment)
  child.stdin.end(input)
  return ended
}

/** Waits until a request of this operation has come to an end. */
export async function untilRequested(emulator: Emulator, operation: string): Promise<void> {
  while (!emulator.requests.some((request) => request.operation === operation)) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
