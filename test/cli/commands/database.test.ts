/** Dumps of real databases through pipes of the shell. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { type Command, run, whyNot } from '../../support/commands.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { openShell } from '../shell.js'

const TARGET = 'oss://test-bucket/app.sql'

const PG_SERVER = ['-h', process.env['PGHOST'] ?? '127.0.0.1', '-U', process.env['PGUSER'] ?? 'postgres', '-w'] as const
const psql = (...args: string[]): Command => ['psql', ...PG_SERVER, '-X', '-q', '-v', 'ON_ERROR_STOP=1', ...args]
const noPostgres = whyNot(psql('-d', 'postgres', '-c', 'SELECT 1')) ?? whyNot(['pg_dump', '--version']) ?? false

const MARIADB_SERVER = ['-h', '127.0.0.1', '-P', '3306', '-u', 'root'] as const
const mariadb = (...args: string[]): Command => ['mariadb', ...MARIADB_SERVER, '-B', '-N', ...args]
const noMariadb = whyNot(mariadb('-e', 'SELECT 1')) ?? whyNot(['mariadb-dump', '--version']) ?? false

/** What is done to each kind of database. */
interface Database {
  create(name: string): Promise<unknown>
  drop(name: string): Promise<unknown>
  fill(name: string): Promise<unknown>
  clear(name: string): Promise<unknown>
  sumOf(name: string): Promise<string>
  dump(name: string): string
  /** What the dump says when it is complete. */
  tail: string
  restore(name: string): string
}

const POSTGRES: Database = {
  create: (name) => run(['createdb', ...PG_SERVER, '-T', 'template0', name]),
  drop: (name) => run(['dropdb', ...PG_SERVER, '--if-exists', '--force', name]),
  fill: (name) =>
    run(
      psql(
        ...['-d', name, '-c'],
        `CREATE TABLE events AS SELECT n AS id, md5(n::text) AS name, repeat(md5((n * 7)::text), 10) AS payload
          FROM generate_series(1, 30000) n`,
      ),
    ),
  clear: (name) => run(psql('-d', name, '-c', 'DROP TABLE events')),
  sumOf: (name) =>
    run(psql('-At', '-d', name, '-c', 'SELECT count(*), sum(hashtextextended(row::text, 0)) FROM events AS row')),
  dump: (name) => `pg_dump ${PG_SERVER.join(' ')} -d ${name}`,
  tail: '-- PostgreSQL database dump complete',
  restore: (name) => `psql ${PG_SERVER.join(' ')} -X -q -v ON_ERROR_STOP=1 -d ${name}`,
}

const MARIADB: Database = {
  create: (name) => run(mariadb('-e', `CREATE DATABASE ${name}`)),
  drop: (name) => run(mariadb('-e', `DROP DATABASE IF EXISTS ${name}`)),
  fill: (name) =>
    run(
      mariadb(
        ...[name, '-e'],
        `CREATE TABLE events AS SELECT seq AS id, MD5(seq) AS name, REPEAT(MD5(seq * 7), 10) AS payload FROM seq_1_to_30000`,
      ),
    ),
  clear: (name) => run(mariadb(name, '-e', 'DROP TABLE events')),
  sumOf: (name) =>
    run(mariadb(name, '-e', `SELECT COUNT(*), BIT_XOR(CRC32(CONCAT_WS(' ', id, name, payload))) FROM events`)),
  dump: (name) => `mariadb-dump ${MARIADB_SERVER.join(' ')} ${name}`,
  tail: '-- Dump completed on',
  restore: (name) => `mariadb ${MARIADB_SERVER.join(' ')} ${name}`,
}

async function roundTrip(t: TestContext, database: Database): Promise<void> {
  const { emulator, store } = await emulatedStore(t)
  const shell = await openShell(t, emulator)
  const original = `ossup_${process.pid}_${randomBytes(4).toString('hex')}`
  const restored = `${original}_restored`
  t.after(async () => {
    for (const name of [original, restored]) await database.drop(name)
  })
  for (const name of [original, restored]) await database.create(name)
  await database.fill(original)
  const dump = database.dump(original)
  const guards = `--expect-tail '${database.tail}' --min-size 1MB`

  const piped = await shell(`${dump} | ossup put ${TARGET} ${guards}`)
  assert.equal(piped.code, 0, piped.stderr)
  const read = await shell(`ossup get ${TARGET} | ${database.restore(restored)}`)
  assert.equal(read.code, 0, read.stderr)
  assert.equal(await database.sumOf(restored), await database.sumOf(original))

  await database.clear(restored)
  const fed = await shell(`ossup get ${TARGET} --part-size 256KiB -- ${database.restore(restored)}`)
  assert.equal(fed.code, 0, fed.stderr)
  assert.match(fed.stderr, /in \d\d+ ranges.*\n {2}verified by CRC-64/)
  assert.equal(await database.sumOf(restored), await database.sumOf(original))

  const ran = await shell(`ossup put ${TARGET}.ran ${guards} -- ${dump}`)
  assert.equal(ran.code, 0, ran.stderr)

  const cut = await shell(`${dump} | head -c 2000000 | ossup put ${TARGET}.cut ${guards}`)
  assert.equal(cut.code, 3)
  assert.ok(cut.stderr.includes(`--expect-tail "${database.tail}" is not in its last 1024 bytes`), cut.stderr)
  const failed = await shell(`ossup put ${TARGET}.cut -- ${database.dump(`${original}_missing`)}`)
  assert.equal(failed.code, 3)
  assert.match(failed.stderr, /_?dump ended with status \d+; oss:.* was not stored\n$/)
  assert.equal(await exists(store, 'app.sql.cut'), false)
  assert.deepEqual(await unfinishedUploads(store), [])
}

describe('a database comes back through ossup put and ossup get', () => {
  it('of PostgreSQL', { skip: noPostgres }, (t) => roundTrip(t, POSTGRES))
  it('of MariaDB', { skip: noMariadb }, (t) => roundTrip(t, MARIADB))

  it(
    'not at all, where the object is not whole and PostgreSQL restores it in one transaction',
    { skip: noPostgres },
    async (t) => {
      const { emulator } = await emulatedStore(t)
      const shell = await openShell(t, emulator)
      const original = `ossup_${process.pid}_${randomBytes(4).toString('hex')}`
      const restored = `${original}_restored`
      t.after(async () => {
        for (const name of [original, restored]) await POSTGRES.drop(name)
      })
      for (const name of [original, restored]) await POSTGRES.create(name)
      await POSTGRES.fill(original)
      const stored = await shell(`ossup put ${TARGET} -- ${POSTGRES.dump(original)}`)
      assert.equal(stored.code, 0, stored.stderr)
      const match = { operation: 'GetObject' } as const
      const faults = [
        // Every byte comes, and the last response shows that one of them is not the object's.
        [{ match, action: { type: 'wrong-checksum' } }],
        [
          { match, skip: 7, action: { type: 'truncate', afterBytes: 100_000 } },
          { match, skip: 7, times: Infinity, action: { type: 'error', status: 403, code: 'AccessDenied' } },
        ],
      ] as const
      for (const injected of faults) {
        for (const fault of injected) emulator.faults.inject(fault)
        const restore = `${POSTGRES.restore(restored)} --single-transaction`
        const failed = await shell(`ossup get ${TARGET} --part-size 256KiB --concurrency 2 -- ${restore}`)
        assert.equal(failed.code, 1, failed.stderr)
        emulator.faults.clear()
        assert.equal(await run(psql('-At', '-d', restored, '-c', `SELECT to_regclass('events') IS NULL`)), 't\n')
      }
      const read = await shell(`ossup get ${TARGET} -- ${POSTGRES.restore(restored)} --single-transaction`)
      assert.equal(read.code, 0, read.stderr)
      assert.equal(await POSTGRES.sumOf(restored), await POSTGRES.sumOf(original))
    },
  )
})
