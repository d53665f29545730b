/**
 * Shows a backup from end to end: uploads a dump with `createUploadStream`, cuts a connection in the middle of a part,
 * restores the dump into a second database, and compares its tables with those of the first. `npm run demo`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { startEmulator } from 'oss-upload-stream/emulator'
import { openStore } from 'oss-upload-stream'

const MiB = 1024 * 1024

/** The data to copy, and how to compare the copy. */
interface Original {
  /** Its description. */
  description: string
  key: string
  dump: readonly [command: string, ...args: string[]]
  restore: readonly [command: string, ...args: string[]]
  /** Returns equal texts for the original and its copy if they are equal. */
  compare: () => [original: string, copy: string]
  cleanUp: () => void
}

/** A temporary database, if PostgreSQL is running. */
function database(): Original | undefined {
  const [first, second] = ['original', 'copy'].map((name) => `oss_upload_stream_demo_${process.pid}_${name}`) as [
    string,
    string,
  ]
  const server = ['-h', process.env['PGHOST'] ?? '127.0.0.1', '-U', process.env['PGUSER'] ?? 'postgres', '-w']
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, [...server, ...args], { encoding: 'utf8', timeout: 60_000 })
  const rows = `CREATE TABLE events AS SELECT n AS id, now() - n * interval '1 second' AS at,
    md5(n::text) AS name, decode(repeat(md5((n * 7)::text), 20), 'hex') AS payload FROM generate_series(1, 50000) n`
  const content = `SELECT count(*) || ' rows, MD5 ' || md5(string_agg(md5(e::text), '' ORDER BY id)) FROM events e`
  const contentOf = (name: string) => run('psql', '-A', '-t', '-d', name, '-c', content).stdout.trim()
  const cleanUp = () => [first, second].forEach((name) => run('dropdb', '--if-exists', '--force', name))
  const isMade =
    run('createdb', first).status === 0 &&
    run('psql', '-q', '-d', first, '-c', rows).status === 0 &&
    run('createdb', second).status === 0
  if (!isMade) {
    cleanUp()
    return undefined
  }
  return {
    description: 'pg_dump of a PostgreSQL database',
    key: 'demo/app.sql',
    dump: ['pg_dump', ...server, '-d', first],
    restore: ['psql', ...server, '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', second],
    compare: () => [contentOf(first), contentOf(second)],
    cleanUp,
  }
}

/** Otherwise an installed package, as an archive that is unpacked again. */
function installedPackage(): Original {
  const modules = path.resolve('node_modules')
  const folder = mkdtempSync(path.join(tmpdir(), 'oss-upload-stream-demo-'))
  return {
    description: 'tar of an installed package',
    key: 'demo/typescript.tar',
    dump: ['tar', '-cf', '-', '-C', modules, 'typescript'],
    restore: ['tar', '-xf', '-', '-C', folder],
    compare: () => [contentOfFiles(path.join(modules, 'typescript')), contentOfFiles(path.join(folder, 'typescript'))],
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function contentOfFiles(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
  const hash = createHash('md5')
  for (const file of files) hash.update(`${path.relative(folder, file)}\0`).update(readFileSync(file))
  return `${files.length} files, MD5 ${hash.digest('hex')}`
}

/** Yields the output of a command, and throws if the command fails. */
function outputOf([command, ...args]: Original['dump']): Readable {
  const output = new PassThrough()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.pipe(output, { end: false })
  child.once('error', (error) => output.destroy(error))
  child.once('close', (code) => {
    if (code === 0) output.end()
    else output.destroy(new Error(`${command} ended with status ${code ?? 'unknown'}`))
  })
  // If the upload fails, end the command, which would wait for a reader.
  output.once('close', () => child.kill())
  return output
}

/** Runs a command that reads all of `body`. Rejects if it fails. */
async function feed([command, ...args]: Original['restore'], body: Readable): Promise<void> {
  const child = spawn(command, args, { stdio: ['pipe', 'inherit', 'inherit'] })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ended with status ${code ?? 'unknown'}`))
    })
  })
  await Promise.all([pipeline(body, child.stdin), ended])
}

const mebibytes = (bytes: number) => `${(bytes / MiB).toFixed(1)} MiB`

/** Shows a line that changes in place on a terminal; nothing elsewhere. */
function show(line: string): void {
  const width = process.stdout.columns
  // A line that wraps cannot be overwritten.
  if (process.stdout.isTTY) process.stdout.write(`\r${line.slice(0, width - 1)}\u001b[K`)
}

function say(line: string): void {
  show('')
  console.log(line)
}

const found = database()
if (found === undefined) say('PostgreSQL is not running here: an installed package is copied instead.')
const original = found ?? installedPackage()
const emulator = await startEmulator()
try {
  const store = openStore({
    bucket: 'backups',
    region: emulator.region,
    endpoint: emulator.endpoint,
    credentials: emulator.credentials,
  })
  say(`${original.description} → oss://backups/${original.key}\n`)

  // Half of a part arrives, then its connection is cut.
  emulator.faults.inject({
    match: { operation: 'UploadPart', partNumber: 2 },
    action: { type: 'reset', at: 'request', afterBytes: 4 * MiB },
  })
  const upload = store.createUploadStream(original.key, { contentType: 'application/octet-stream' })
  let peak = 0
  let cuts = 0
  upload.on('progress', ({ received, acknowledged, partsDone, elapsedMs }) => {
    peak = Math.max(peak, process.memoryUsage.rss())
    const rate = mebibytes(acknowledged / (elapsedMs / 1000))
    show(`  ${mebibytes(received)} read, ${mebibytes(acknowledged)} stored, ${partsDone} parts, ${rate}/s`)
  })
  upload.on('retry', ({ partNumber = 0, delayMs }) => {
    cuts += 1
    say(`  a connection was cut in the middle of part ${partNumber}: sent again after ${Math.round(delayMs)} ms`)
  })
  await pipeline(outputOf(original.dump), upload).finally(() => upload.done)
  const { size, parts, crc64 } = await upload.done
  const seconds = upload.progress.elapsedMs / 1000
  say(`  up        ${mebibytes(size)} in ${parts} parts, ${mebibytes(size / seconds)}/s, CRC-64 ${crc64}`)

  const { body } = await store.get(original.key)
  await feed(original.restore, body)
  const [before, after] = original.compare()
  const isSame = before === after && before !== ''
  await store.close()
  say(`  restored  ${after}`)
  say(`  memory    ${mebibytes(peak)} at most, the store's own included`)
  say(`  survived  ${cuts} cut connection${cuts === 1 ? '' : 's'}`)
  say(`\nThe copy is ${isSame ? 'the same as the original' : `DIFFERENT from the original: ${before}`}.`)
  process.exitCode = isSame && cuts > 0 ? 0 : 1
} finally {
  await emulator.close()
  original.cleanUp()
}
