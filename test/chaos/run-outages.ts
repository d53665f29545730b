/**
 * Outages at full scale: an upload of 32 MiB by `ossup`, `rclone rcat` and `aws s3 cp -` with their defaults, in parts of
 * 8 MiB, and what becomes of it. All rows at the same time; prints a table. Takes minutes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Emulator, startEmulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { openStore } from '../../src/index.js'
import { Line } from '../support/line.js'

const MiB = 1024 * 1024
const BYTES = someBytes(32 * MiB, 3)
/** Of the source, each second: the outage begins while parts are stored and others are to come. */
const RATE = MiB
const BEGINS_AFTER = 18 * MiB
const BUCKET = 'outages'

interface Scene {
  line: Line
  emulator: Emulator
  pid: number
}

/** Begins an outage; returns what ends it. */
type Begin = (scene: Scene) => () => unknown

const refuse: Begin = ({ line }) => {
  line.refuse()
  return () => line.restore()
}
const silence: Begin = ({ line }) => {
  line.silence()
  // What was in flight on the line is lost with its connections, as behind a router that has forgotten them.
  return () => line.restore()
}
const failWith =
  (status: number, code: string): Begin =>
  ({ emulator }) => {
    emulator.faults.inject({ times: Infinity, action: { type: 'error', status, code } })
    return () => emulator.faults.clear()
  }
const stop: Begin = ({ line, pid }) => {
  process.kill(pid, 'SIGSTOP')
  line.reset()
  return () => process.kill(pid, 'SIGCONT')
}

const ROWS: readonly { name: string; seconds: number; begin: Begin }[] = [
  { name: 'refuses', seconds: 3, begin: refuse },
  { name: 'refuses', seconds: 12, begin: refuse },
  { name: 'refuses', seconds: 40, begin: refuse },
  { name: 'silent', seconds: 20, begin: silence },
  { name: 'silent', seconds: 180, begin: silence },
  { name: '500', seconds: 60, begin: failWith(500, 'InternalError') },
  { name: '503', seconds: 60, begin: failWith(503, 'ServiceUnavailable') },
  { name: 'process stopped, connections ended', seconds: 60, begin: stop },
]

interface Client {
  command: readonly string[]
  environment: Record<string, string>
}

const CLIENTS: Record<string, (endpoint: string, { credentials, region }: Emulator) => Client> = {
  ossup: (endpoint, { credentials, region }) => ({
    command: [process.execPath, '--import', 'tsx', 'src/cli/main.ts', 'put', '--quiet', `oss://${BUCKET}/dump`],
    environment: {
      OSS_ENDPOINT: endpoint,
      OSS_REGION: region,
      OSS_ACCESS_KEY_ID: credentials.accessKeyId,
      OSS_ACCESS_KEY_SECRET: credentials.accessKeySecret,
    },
  }),
  rclone: (endpoint, { credentials, region }) => ({
    command: ['rclone', 'rcat', '--s3-no-check-bucket', '--s3-chunk-size', '8M', `e:${BUCKET}/dump`],
    environment: {
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_E_TYPE: 's3',
      RCLONE_CONFIG_E_PROVIDER: 'Other',
      RCLONE_CONFIG_E_ENDPOINT: endpoint,
      RCLONE_CONFIG_E_REGION: region,
      RCLONE_CONFIG_E_ACCESS_KEY_ID: credentials.accessKeyId,
      RCLONE_CONFIG_E_SECRET_ACCESS_KEY: credentials.accessKeySecret,
    },
  }),
  aws: (endpoint, { credentials, region }) => ({
    command: ['aws', 's3', 'cp', '-', `s3://${BUCKET}/dump`, '--endpoint-url', endpoint],
    environment: {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.accessKeySecret,
      AWS_DEFAULT_REGION: region,
    },
  }),
}

/** What became of one upload, in words. */
async function run(name: string, seconds: number, begin: Begin): Promise<string> {
  const ends: (() => unknown)[] = []
  const t = { after: (end: () => unknown) => void ends.unshift(end) }
  const emulator = await startEmulator()
  t.after(() => emulator.close())
  try {
    const line = await Line.to(t, Number(new URL(emulator.endpoint).port))
    const { command, environment } = CLIENTS[name]!(`http://127.0.0.1:${line.port}`, emulator)
    const begunAt = performance.now()
    const child = spawn(command[0]!, command.slice(1), {
      // rclone 1.60 fails where it is set, whatever it names; all of this is plain HTTP.
      env: { ...process.env, ...environment, AWS_CA_BUNDLE: undefined },
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    child.stdin.on('error', () => undefined)
    child.stderr.resume()
    const exited = once(child, 'close')
    const fed = feed(child.stdin, () => {
      const end = begin({ line, emulator, pid: child.pid! })
      const timer = setTimeout(end, seconds * 1000)
      t.after(() => clearTimeout(timer))
    })
    // A client that has failed reads no further.
    fed.catch(() => undefined)
    const [status] = (await exited) as [number | null]
    const took = `${((performance.now() - begunAt) / 1000).toFixed(0)} s`
    emulator.faults.clear()
    const { stored, left } = await found(emulator)
    if (status === 0) return stored ? `stored, ${took}${left === 0 ? '' : `, ${left} uploads left`}` : 'WRONG OBJECT'
    return `fails, ${took}${left === 0 ? '' : ', upload left'}`
  } catch (error) {
    return (error as { code?: string }).code === 'ENOENT' ? 'skipped: not installed' : String(error)
  } finally {
    for (const end of ends) await end()
  }
}

async function feed(stdin: NodeJS.WritableStream, begin: () => void): Promise<void> {
  // Each wait adds some.
  stdin.setMaxListeners(0)
  const piece = RATE / 8
  for (let at = 0; at < BYTES.length; at += piece) {
    if (at === BEGINS_AFTER) begin()
    if (!stdin.write(BYTES.subarray(at, at + piece))) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')])
    await sleep(125)
  }
  stdin.end()
}

/** Whether the object is the source, and how many uploads are left. */
async function found(emulator: Emulator): Promise<{ stored: boolean; left: number }> {
  const { endpoint, region, credentials } = emulator
  const store = openStore({ bucket: BUCKET, endpoint, region, credentials })
  try {
    let left = 0
    for await (const upload of store.listMultipartUploads()) left += upload.key === '' ? 0 : 1
    const content = await store.get('dump').catch(() => undefined)
    return { stored: content !== undefined && (await readAll(content.body)).equals(BYTES), left }
  } finally {
    await store.close()
  }
}

const { values } = parseArgs({ options: { clients: { type: 'string' } } })
const clients = values.clients?.split(',') ?? Object.keys(CLIENTS)
const results = await Promise.all(
  ROWS.map(async ({ name, seconds, begin }) => {
    const cells = await Promise.all(clients.map(async (client) => run(client, seconds, begin)))
    const row = `| ${name}, ${seconds} s | ${cells.join(' | ')} |`
    process.stderr.write(`${row}\n`)
    return row
  }),
)
const head = `| outage | ${clients.join(' | ')} |\n| --- |${' --- |'.repeat(clients.length)}`
process.stdout.write(`${head}\n${results.join('\n')}\n`)
