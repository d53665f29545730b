/** The receiving side of a measurement: our own, one given by its URL, or one in C given by its source. */
import { execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { programOf } from '../../support/project.js'
import type { Listening, ReceiverOptions } from './receiver-options.js'

export interface Receiver {
  endpoint: string
  /** A file with the certificate to trust. */
  caFile: string | undefined
  /** What it has received since it was started; undefined where it does not tell. */
  stats: () => Promise<ReceiverStats | undefined>
  stop: () => Promise<void>
}

export interface ReceiverStats {
  bytes: number
  /** Undefined of receivers that do not know theirs. */
  cpuSeconds?: number
}

const PROCESS = programOf('test/bench/receiver-process.ts')

/** `sink`: the URL of a receiver that runs, or the path of one's C source; without, our own. `folder` takes files. */
export async function startReceiver(
  options: ReceiverOptions,
  sink: string | undefined,
  folder: string,
): Promise<Receiver> {
  if (sink === undefined) return startOwn(options, folder)
  if (/^https?:/.test(sink)) return receiver(new URL(sink).origin, undefined, folder, () => undefined)
  // It speaks no TLS.
  return options.tls ? startOwn(options, folder) : startCompiled(options, sink, folder)
}

async function startOwn(options: ReceiverOptions, folder: string): Promise<Receiver> {
  const child = fork(PROCESS, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [{ endpoint, certificate }] = (await once(child, 'message')) as [Listening]
  return receiver(endpoint, certificate, folder, async () => {
    const ended = once(child, 'exit')
    child.disconnect()
    await ended
  })
}

async function startCompiled(options: ReceiverOptions, source: string, folder: string): Promise<Receiver> {
  const program = join(folder, 'sink')
  if (!existsSync(program)) execFileSync('gcc', ['-O2', '-march=native', '-w', '-pthread', '-o', program, source])
  const port = await freePort()
  const settings = [String(port), `crc=${Number(options.checksums)}`, `delay_ms=${options.delayMs}`]
  const child = spawn(program, settings, { stdio: 'ignore' })
  // Unlike ours it does not notice that nobody measures any more.
  process.once('exit', () => child.kill())
  await untilListening(port)
  return receiver(`http://127.0.0.1:${port}`, undefined, folder, async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
}

function receiver(endpoint: string, certificate: string | undefined, folder: string, stop: () => unknown): Receiver {
  const caFile = certificate === undefined ? undefined : join(folder, `${new URL(endpoint).port}.pem`)
  if (caFile !== undefined && certificate !== undefined) writeFileSync(caFile, certificate)
  const agent = new Agent(certificate === undefined ? {} : { connect: { ca: certificate } })
  return {
    endpoint,
    caFile,
    async stats() {
      const { statusCode, body } = await request(`${endpoint}/_stats`, { dispatcher: agent })
      const text = await body.text()
      return statusCode === 200 && text.startsWith('{') ? (JSON.parse(text) as ReceiverStats) : undefined
    },
    async stop() {
      await agent.close()
      await stop()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      if (attempt === 100) throw error
      await sleep(20)
    } finally {
      socket.destroy()
    }
  }
}
