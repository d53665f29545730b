/**
 * The main job, from end to end: a real dump, piped through `createUploadStream` into the embedded store, then read
 * back and compared. `npm run demo`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { startEmulator } from 'oss-upload-stream/emulator'
import { openStore } from 'oss-upload-stream'

const MiB = 1024 * 1024
const project = fileURLToPath(new URL('..', import.meta.url))

interface Producer {
  /** What is said of it. */
  description: string
  key: string
  command: string
  args: string[]
  cleanUp?: () => void
}

/** The dump of a database made for this, where a PostgreSQL answers; else an archive of the installed packages. */
function chooseProducer(): Producer {
  const database = `oss_upload_stream_demo_${process.pid}`
  const server = ['-h', process.env['PGHOST'] ?? '127.0.0.1', '-U', process.env['PGUSER'] ?? 'postgres', '-w']
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, [...server, ...args], { encoding: 'utf8', timeout: 60_000 }).status === 0
  if (run('createdb', database)) {
    const cleanUp = () => void run('dropdb', '--if-exists', '--force', database)
    const rows = `CREATE TABLE events AS SELECT n AS id, now() - n * interval '1 second' AS at,
      md5(n::text) AS name, decode(repeat(md5((n * 7)::text), 20), 'hex') AS payload FROM generate_series(1, 100000) n`
    if (run('psql', '-q', '-d', database, '-c', rows)) {
      const args = [...server, '-d', database]
      return { description: 'pg_dump of a PostgreSQL database', key: 'demo/app.sql', command: 'pg_dump', args, cleanUp }
    }
    cleanUp()
  }
  console.log('No PostgreSQL answers here: taking a tar of the installed packages instead of a database dump.')
  return {
    description: 'tar of node_modules',
    key: 'demo/node_modules.tar',
    command: 'tar',
    args: ['-cf', '-', '-C', project, 'node_modules'],
  }
}

/** The producer's output; it ends well only when the producer did. */
function outputOf({ command, args }: Producer): Readable {
  const output = new PassThrough()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.pipe(output, { end: false })
  child.once('error', (error) => output.destroy(error))
  child.once('close', (code) => {
    if (code === 0) output.end()
    else output.destroy(new Error(`${command} ended with status ${code ?? 'unknown'}`))
  })
  // Where the upload fails, the producer is not to wait for a reader that is gone.
  output.once('close', () => child.kill())
  return output
}

const mebibytes = (bytes: number) => `${(bytes / MiB).toFixed(1)} MiB`

const producer = chooseProducer()
const emulator = await startEmulator()
try {
  const store = openStore({
    bucket: 'backups',
    region: emulator.region,
    endpoint: emulator.endpoint,
    credentials: emulator.credentials,
  })
  console.log(`${producer.description} → oss://backups/${producer.key} on the embedded store at ${emulator.endpoint}`)

  let peak = 0
  const sent = createHash('sha256')
  const upload = store.createUploadStream(producer.key, {
    contentType: 'application/sql',
    metadata: { made: 'by the demo' },
    onProgress({ received, acknowledged, partsDone, partsInFlight, elapsedMs, slowSide }) {
      peak = Math.max(peak, process.memoryUsage.rss())
      const rate = mebibytes(acknowledged / (elapsedMs / 1000))
      const line = `  ${mebibytes(received)} read, ${mebibytes(acknowledged)} stored, ${partsDone} parts and ${partsInFlight} in flight, ${rate}/s, slow side: ${slowSide}`
      process.stdout.write(process.stdout.isTTY ? `\r${line}\u001b[K` : `${line}\n`)
    },
  })
  await pipeline(
    outputOf(producer),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        sent.update(chunk)
        yield chunk
      }
    },
    upload,
  )
  const result = await upload.done
  const { elapsedMs } = upload.progress
  if (process.stdout.isTTY) process.stdout.write('\n')

  // What comes back is verified twice: by the CRC-64 while it is read, and by a hash of what was sent.
  const { body, size, crc64 } = await store.get(producer.key)
  const received = createHash('sha256')
  for await (const chunk of body) received.update(chunk as Buffer)
  const same = received.digest('hex') === sent.digest('hex') && size === result.size && crc64 === result.crc64
  await store.close()

  console.log(`
  object    oss://${result.bucket}/${result.key}
  bytes     ${result.size.toLocaleString('en')} (${mebibytes(result.size)})
  parts     ${result.parts}${result.uploadId === undefined ? '' : `, upload id ${result.uploadId}`}
  rate      ${mebibytes(result.size / (elapsedMs / 1000))}/s over ${(elapsedMs / 1000).toFixed(2)} s
  CRC-64    ${result.crc64}
  ETag      ${result.etag}
  memory    ${mebibytes(peak)} at most, the store's own included
  read back ${same ? 'identical: size, CRC-64 and SHA-256' : 'DIFFERENT'}`)
  process.exitCode = same ? 0 : 1
} finally {
  await emulator.close()
  producer.cleanUp?.()
}
