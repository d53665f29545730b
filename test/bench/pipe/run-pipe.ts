/** Runs a client behind a pipe, as a shell does, and says what it cost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { PipeClient, PipeTarget } from './clients.js'

export interface PipeCost {
  /** User and system time of the client with its start, and of what it started; without the producer. */
  cpuSeconds: number
  wallSeconds: number
  /** Bytes that its own process held at most; NaN where the system does not tell. */
  peakRss: number
}

/**
 * The first argument is the command line of the producer, the second one that of who reads what the client writes; both
 * may be empty. The client follows. Reports the client's process id, and at the end what it cost, by `times`: producer and
 * consumer are children of other shells.
 */
const SCRIPT = `
producer=$1
consumer=$2
shift 2
measured() {
  sh -c 'echo "pid $$" >&3; exec "$@"' client "$@"
  code=$?
  times >&3
  exit $code
}
if [ "$consumer" != '' ]; then measured "$@" | sh -c "$consumer" 3>&-
elif [ "$producer" = '' ]; then (measured "$@"); else sh -c "$producer" 3>&- | measured "$@"; fi
`

const SAMPLE_MS = 50

/** Rejects with what the client wrote to standard error where it failed. */
export async function runPipe(
  client: PipeClient,
  target: PipeTarget,
  producer: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<PipeCost> {
  const source = client.readsInput ? producer.map(quoted).join(' ') : ''
  return runCommand({ command: client.command(target, producer), source, consumer: '', env })
}

/** A client, and the command lines on both sides of it; empty where there is none. */
export interface MeasuredCommand {
  command: readonly string[]
  source: string
  consumer: string
  env: NodeJS.ProcessEnv
}

/** Rejects with what the command wrote to standard error where it failed. */
export async function runCommand({ command, source, consumer, env }: MeasuredCommand): Promise<PipeCost> {
  const begunAt = performance.now()
  // A client that fails must not be hidden by who reads from it.
  const program = consumer === '' ? 'sh' : 'bash'
  const flags = consumer === '' ? [] : ['-o', 'pipefail']
  const shell = spawn(program, [...flags, '-c', SCRIPT, 'pipe', source, consumer, ...command], {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  const report = shell.stdio[3] as Readable
  let output = ''
  let peakRss = NaN
  report.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const sampling = setInterval(() => {
    const pid = /^pid (\d+)$/m.exec(output)?.[1]
    if (pid !== undefined) peakRss = peakRssOf(pid) ?? peakRss
  }, SAMPLE_MS)
  try {
    const [errors, [code]] = await Promise.all([
      text(shell.stderr as Readable),
      once(shell, 'close') as Promise<[number | null]>,
    ])
    const wallSeconds = (performance.now() - begunAt) / 1000
    if (code !== 0) throw new Error(`ended with ${code}: ${errors.trim().slice(-300)}`)
    return { cpuSeconds: cpuSecondsIn(output), wallSeconds, peakRss }
  } finally {
    clearInterval(sampling)
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`
}

/** The last line of `times`: user and system time of the shell's children. One that starts the producer tells its own. */
function cpuSecondsIn(output: string): number {
  const own = /^own (.*)$/m.exec(output)?.[1]
  if (own !== undefined) {
    const { user, system } = JSON.parse(own) as NodeJS.CpuUsage
    return (user + system) / 1e6
  }
  const [, ...children] = output.matchAll(/(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s/g)
  const [, userMinutes, user, systemMinutes, system] = children.at(-1) ?? []
  return Number(userMinutes) * 60 + Number(user) + Number(systemMinutes) * 60 + Number(system)
}

/** Of a process that runs, on Linux. */
function peakRssOf(pid: string): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}
