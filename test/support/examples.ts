/** The examples, run as users run them: each in a process of its own, its store told by environment variables. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Emulator } from '../../src/emulator/index.js'
import { PROGRAM_OPTIONS, programOf, PROJECT } from './project.js'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface RunningExample {
  child: ChildProcessByStdio<Writable, Readable, Readable>
  /** When the process is gone. */
  ended: Promise<Ended>
}

/** What tells a process to use the bucket that `emulatedStore` opens. */
export function environmentOf({ endpoint, region, credentials }: Emulator): NodeJS.ProcessEnv {
  return {
    OSS_ENDPOINT: endpoint,
    OSS_REGION: region,
    OSS_BUCKET: 'test-bucket',
    OSS_ACCESS_KEY_ID: credentials.accessKeyId,
    OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret,
    OSS_SESSION_TOKEN: '',
  }
}

export function startExample(name: string, args: string[] = [], environment: NodeJS.ProcessEnv = {}): RunningExample {
  const child = spawn(process.execPath, [...PROGRAM_OPTIONS, programOf(`examples/${name}`), ...args], {
    cwd: PROJECT,
    // They run what was built: measuring its coverage would only slow them down.
    env: { ...process.env, NODE_V8_COVERAGE: '', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // One that ends without having read everything is no failure of its own.
  child.stdin.on('error', () => undefined)
  const closed = once(child, 'close') as Promise<[number | null]>
  const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]).then(([[code], stdout, stderr]) => ({
    code,
    stdout,
    stderr,
  }))
  return { child, ended }
}

export function runExample(name: string, args: string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const { child, ended } = startExample(name, args, environment)
  child.stdin.end()
  return ended
}
