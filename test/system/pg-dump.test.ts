import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import { type Command, feed, outputOf, run, whyNot } from '../support/commands.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'

const MiB = 1024 * 1024
const SERVER = ['-h', process.env['PGHOST'] ?? '127.0.0.1', '-U', process.env['PGUSER'] ?? 'postgres', '-w'] as const
const ORIGINAL = `oss_upload_stream_${process.pid}_${randomBytes(4).toString('hex')}`
const RESTORED = `${ORIGINAL}_restored`

const psql = (database: string, ...args: string[]): Command => [
  'psql',
  ...SERVER,
  '-X',
  '-q',
  ...['-v', 'ON_ERROR_STOP=1'],
  ...['-d', database],
  ...args,
]
const pgDump = (database: string): Command => ['pg_dump', ...SERVER, '-d', database]

const skip = whyNot(psql('postgres', '-c', 'SELECT 1')) ?? whyNot(['pg_dump', '--version']) ?? false

/** All byte values, alone and beside what dumps escape; unicode, NULL and extreme values; and more than 100 MB. */
const TABLES = String.raw`
  CREATE TABLE byte_values (value int PRIMARY KEY, alone bytea NOT NULL, beside bytea);
  INSERT INTO byte_values
    SELECT n, set_byte('\x00', 0, n), set_byte('\x5c00270d0a', 1, n) FROM generate_series(0, 255) n;
  INSERT INTO byte_values VALUES (256, '', NULL);

  CREATE TABLE texts (id serial PRIMARY KEY, value text);
  INSERT INTO texts (value) VALUES (NULL), (''), ('NULL'), ('\N'), ('\.'), (E'tab\tline\r\nend\\'), (''' "quoted" $$'),
    ('größe'), ('数据库备份'), ('🗄️👩‍👩‍👧'), ('שלום'), (E'e\u0301'), (E'\uFEFF'), (U&'\+10FFFF'), (repeat('字', 100000));

  CREATE TABLE typed (id int PRIMARY KEY REFERENCES texts, big bigint, exact numeric, approximate double precision,
    at timestamptz, is_true boolean, document jsonb, list text[]);
  INSERT INTO typed VALUES
    (1, -9223372036854775808, 'NaN', '-Infinity', '-infinity', NULL, '{"a": [1, null, "größe"]}', NULL),
    (2, 9223372036854775807, 0.1 + 1e-30, 0.1::float8 + 0.2, '2024-02-29 23:59:59.999999+14', false, 'null', ARRAY[NULL, '', 'a\b"{,}']);

  CREATE TABLE payloads (id int PRIMARY KEY, payload bytea NOT NULL);
  ALTER TABLE payloads ALTER payload SET STORAGE EXTERNAL;
  INSERT INTO payloads
    SELECT n, decode(repeat(md5(n::text), 30), 'hex') || sha512(n::text::bytea) || decode(repeat(md5((-n)::text), 30), 'hex')
    FROM generate_series(1, 52000) n;
`

/** The number of rows and a checksum over all columns, by the server, for each table. */
async function contentOf(database: string): Promise<string[]> {
  const tables = await run(psql(database, '-At', '-c', `SELECT relname FROM pg_stat_user_tables ORDER BY relname`))
  const queries = tables
    .trim()
    .split('\n')
    .map((table) => `SELECT '${table}', count(*), sum(hashtextextended(row::text, 0)) FROM ${table} AS row;`)
  return (await run(psql(database, '-At'), queries.join('\n'))).trim().split('\n')
}

describe('pg_dump of a database', { skip }, () => {
  before(async () => {
    await run(['createdb', ...SERVER, '-E', 'UTF8', '-T', 'template0', ORIGINAL])
    await run(psql(ORIGINAL), TABLES)
  })

  after(async () => {
    for (const database of [ORIGINAL, RESTORED]) await run(['dropdb', ...SERVER, '--if-exists', '--force', database])
  })

  it('comes back from the store as the same database', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('backups/app.sql', { partSize: MiB, contentType: 'application/sql' })
    let mostInFlight = 0
    upload.on('part', () => {
      mostInFlight = Math.max(mostInFlight, upload.progress.partsInFlight)
    })
    const [command, ...args] = pgDump(ORIGINAL)
    await pipeline(outputOf(spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })), upload)
    const { size, parts } = await upload.done
    assert.ok(size >= 100e6, `the dump has ${size} bytes`)
    assert.equal(parts, Math.ceil(size / MiB))
    t.diagnostic(`${size} bytes in ${parts} parts, at most ${mostInFlight} in flight`)

    await run(['createdb', ...SERVER, '-E', 'UTF8', '-T', 'template0', RESTORED])
    await feed(psql(RESTORED), (await store.get('backups/app.sql')).body)
    const original = await contentOf(ORIGINAL)
    assert.equal(original.length, 4)
    assert.ok(original.some((line) => line.startsWith('payloads|52000|')))
    assert.deepEqual(await contentOf(RESTORED), original)
  })

  it('publishes nothing and leaves nothing behind when pg_dump is killed half-way', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const upload = store.createUploadStream('backups/app.sql', { partSize: 100 * 1024 })
    const [command, ...args] = pgDump(ORIGINAL)
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    upload.on('part', ({ partNumber }) => {
      if (partNumber === 10) child.kill('SIGKILL')
    })
    await assert.rejects(pipeline(outputOf(child), upload), /pg_dump ended with SIGKILL/)
    await assert.rejects(upload.done, /pg_dump ended with SIGKILL/)
    assert.ok(upload.progress.partsDone >= 10)
    assert.equal(await exists(store, 'backups/app.sql'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
    assert.ok(emulator.requests.every(({ operation }) => operation !== 'CompleteMultipartUpload'))
  })
})
