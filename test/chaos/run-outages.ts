/**
 * Outages at full scale: an upload of 32 MiB by `ossup`, `rclone rcat` and `aws s3 cp -` with their defaults, in parts of
 * 8 MiB, and what becomes of it. All rows at the same time; prints a table. Takes minutes, the longest row eleven.
 * `--rows names,flap` runs those whose names begin so, `--clients ossup` one client. Rows with an interface or names of
 * their own need Linux and root; elsewhere they are skipped.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Emulator, startEmulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { openStore } from '../../src/index.js'
import { Line } from '../support/line.js'
import { Cable, hasOwnNetwork, HOST, Names, restartInOwnNetwork } from './own-network.js'

const MiB = 1024 * 1024
const BYTES = someBytes(32 * MiB, 3)
/** Of the source, each second: the outage begins while parts are stored and others are to come. */
const RATE = MiB
const BEGINS_AFTER = 18 * MiB
const BUCKET = 'outages'
/** Of files for clients. */
const FOLDER = await mkdtemp(path.join(tmpdir(), 'outages-'))
const { values } = parseArgs({
  options: { clients: { type: 'string' }, rows: { type: 'string' }, verbose: { type: 'boolean' } },
})

interface Scene {
  line: Line
  emulator: Emulator
  pid: number
  /** Where the row has a cable, or names, of its own. */
  cable: Cable | undefined
  names: Names | undefined
}

/** Begins an outage; returns what ends it. */
type Begin = (scene: Scene) => (() => unknown) | Promise<() => unknown>

interface Row {
  name: string
  seconds: number
  begin: Begin
  /** What its clients reach the service by, where that is not the loopback interface. */
  by?: 'cable' | 'name'
}

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

const flap: Begin = ({ line }) => {
  let isThere = true
  const turn = () => {
    isThere = !isThere
    if (isThere) void line.restore()
    else line.refuse()
  }
  const timer = setInterval(turn, 3_000)
  turn()
  return () => {
    clearInterval(timer)
    if (!isThere) turn()
  }
}
const loseName: Begin = async ({ names, line }) => {
  await names?.put(false)
  line.reset()
  return () => names?.put(true)
}

const ROWS: readonly Row[] = [
  { name: 'refuses', seconds: 3, begin: refuse },
  { name: 'refuses', seconds: 12, begin: refuse },
  { name: 'refuses', seconds: 40, begin: refuse },
  { name: 'refuses every other 3 s', seconds: 60, begin: flap },
  { name: 'silent', seconds: 20, begin: silence },
  { name: 'silent', seconds: 180, begin: silence },
  { name: 'loses every packet', seconds: 20, begin: ({ cable }) => cable!.silence(), by: 'cable' },
  { name: 'own interface down', seconds: 180, begin: ({ cable }) => cable!.takeDown(), by: 'cable' },
  { name: 'names do not resolve', seconds: 40, begin: loseName, by: 'name' },
  { name: '500', seconds: 60, begin: failWith(500, 'InternalError') },
  { name: '503', seconds: 60, begin: failWith(503, 'ServiceUnavailable') },
  { name: 'process stopped, connections ended', seconds: 60, begin: stop },
  { name: 'process stopped, connections ended', seconds: 600, begin: stop },
]

interface Client {
  command: readonly string[]
  environment: Record<string, string>
}

const CLIENTS: Record<string, (endpoint: string, { credentials, region }: Emulator) => Client> = {
  ossup: (endpoint, { credentials, region }) => ({
    command: [
      process.execPath,
      '--import',
      'tsx',
      'src/cli/main.ts',
      'put',
      '--addressing',
      'path',
      `oss://${BUCKET}/dump`,
    ],
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
      AWS_CONFIG_FILE: path.join(FOLDER, 'aws'),
    },
  }),
}

/** What became of one upload, in words. */
async function run(name: string, { seconds, begin, by }: Row): Promise<string> {
  if (by !== undefined && !hasOwnNetwork()) return 'skipped: needs a network of its own'
  const ends: (() => unknown)[] = []
  const t = { after: (end: () => unknown) => void ends.unshift(end) }
  const emulator = await startEmulator()
  t.after(() => emulator.close())
  try {
    const cable = by === 'cable' ? await Cable.lay() : undefined
    const names = by === 'name' ? await Names.open() : undefined
    t.after(() => cable?.cut())
    t.after(() => names?.close())
    const line = await Line.to(t, Number(new URL(emulator.endpoint).port), cable?.address)
    const host = names === undefined ? (cable?.address ?? '127.0.0.1') : HOST
    const { command: plain, environment } = CLIENTS[name]!(`http://${host}:${line.port}`, emulator)
    const command = names?.commandWith(plain) ?? cable?.commandThere(plain) ?? plain
    const begunAt = performance.now()
    const child = spawn(command[0]!, command.slice(1), {
      // rclone 1.60 fails where it is set, whatever it names; all of this is plain HTTP.
      env: { ...process.env, ...environment, AWS_CA_BUNDLE: undefined },
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    child.stdin.on('error', () => undefined)
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const exited = once(child, 'close')
    let overAt: number | undefined
    const fed = feed(child.stdin, async () => {
      const end = await begin({ line, emulator, pid: child.pid!, cable, names })
      const timer = setTimeout(() => {
        overAt = performance.now()
        void end()
      }, seconds * 1000)
      t.after(() => clearTimeout(timer))
    })
    // A client that has failed reads no further.
    fed.catch(() => undefined)
    const [status] = (await exited) as [number | null]
    const now = performance.now()
    const after = overAt === undefined ? 'before it was over' : `${((now - overAt) / 1000).toFixed(0)} s after it`
    const took = `${((now - begunAt) / 1000).toFixed(0)} s, ${after}`
    if (values.verbose === true) process.stderr.write(`${name}, ${seconds} s:\n${said}\n`)
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

async function feed(stdin: NodeJS.WritableStream, begin: () => Promise<void>): Promise<void> {
  // Each wait adds some.
  stdin.setMaxListeners(0)
  const size = RATE / 8
  for (let at = 0; at < BYTES.length; at += size) {
    if (at === BEGINS_AFTER) await begin()
    if (!stdin.write(BYTES.subarray(at, at + size))) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')])
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

async function runAll(): Promise<void> {
  await writeFile(path.join(FOLDER, 'aws'), '[default]\ns3 =\n  addressing_style = path\n')
  const clients = values.clients?.split(',') ?? Object.keys(CLIENTS)
  const begins = values.rows?.split(',') ?? ['']
  const rows = ROWS.filter(({ name }) => begins.some((text) => name.startsWith(text)))
  const results = await Promise.all(
    rows.map(async (row) => {
      const cells = await Promise.all(clients.map(async (client) => run(client, row)))
      const line = `| ${row.name}, ${row.seconds} s | ${cells.join(' | ')} |`
      process.stderr.write(`${line}\n`)
      return line
    }),
  )
  const head = `| outage | ${clients.join(' | ')} |\n| --- |${' --- |'.repeat(clients.length)}`
  process.stdout.write(`${head}\n${results.join('\n')}\n`)
}

const status = await restartInOwnNetwork()
if (status === undefined) await runAll().finally(() => rm(FOLDER, { recursive: true }))
else process.exitCode = status
