/** The commands of the guide, run one after the other against real databases. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Emulator, startEmulator } from '../../src/emulator/index.js'
import { run, whyNot } from '../support/commands.js'
import { environmentOf } from '../support/examples.js'
import { PROJECT } from '../support/project.js'
import { codeBlocksOf, readDocument } from './documents.js'

const ID = `guide_${process.pid}_${randomBytes(4).toString('hex')}`
const HOST = process.env['PGHOST'] ?? '127.0.0.1'
const USER = process.env['PGUSER'] ?? 'postgres'
const MARIADB = ['-h', process.env['MARIADB_HOST'] ?? '127.0.0.1', '-u', 'root'] as const

const postgres = whyNot(['psql', '-h', HOST, '-U', USER, '-w', '-d', 'postgres', '-c', 'SELECT 1'])
const mariadb = whyNot(['mariadb', ...MARIADB, '-e', 'SELECT 1'])
const missing = (name: string) => whyNot([name, '--version'])
const sqlite = missing('sqlite3')

/** Why a command of the guide cannot be run here, by the program that it needs. */
const WHY_NOT = new Map<string, string | undefined>([
  ...['pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'createdb'].map((name) => [name, postgres] as const),
  ...['mariadb', 'mariadb-dump'].map((name) => [name, mariadb] as const),
  ...['mongodump', 'mongorestore', 'zstd', 'gpg'].map((name) => [name, missing(name)] as const),
  ['sqlite3', sqlite],
])

/** What a test changes in a command: databases have names of their own, and those of other tests are left alone. */
function adapted(command: string): string {
  return (
    command
      .replace(/\b(app|shop)(?=\b|_)/g, `${ID}_$1`)
      // They come and go while it runs.
      .replace('pg_dumpall', 'pg_dumpall --globals-only')
  )
}

const commands = codeBlocksOf(readDocument('docs/guides/database-backups.md'))
  .filter(({ language, text }) => language === 'sh' && !text.includes('…'))
  .map(({ text }) => text)

const ROWS = `CREATE TABLE events AS SELECT n AS id, md5(n::text) AS name FROM generate_series(1, 1000) n`

describe('the commands of the guide on database backups', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'oss-upload-stream-'))
  let emulator: Emulator
  let environment: NodeJS.ProcessEnv

  const shell = async (command: string) => {
    const child = spawn('bash', ['-o', 'pipefail', '-e', '-c', command], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const closed = once(child, 'close') as Promise<[number | null]>
    const [[status], stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)])
    return { status, stdout, stderr }
  }
  const ask = async (command: string) => {
    const { status, stdout, stderr } = await shell(adapted(command))
    assert.equal(status, 0, stderr)
    return stdout.trim()
  }

  before(async () => {
    emulator = await startEmulator()
    const bin = path.join(folder, 'bin')
    await mkdir(bin)
    const main = path.join(PROJECT, 'dist/ossup.cjs')
    await writeFile(path.join(bin, 'ossup'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 })
    await writeFile(path.join(folder, '.my.cnf'), `[client]\nhost=${MARIADB[1]}\nuser=${MARIADB[3]}\n`)
    await writeFile(path.join(folder, 'key.txt'), randomBytes(32).toString('hex'))
    environment = {
      ...process.env,
      ...environmentOf(emulator),
      NODE_V8_COVERAGE: '',
      HOME: folder,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      PGHOST: HOST,
      PGUSER: USER,
    }
    if (postgres === undefined) {
      await run(['createdb', '-h', HOST, '-U', USER, '-T', 'template0', `${ID}_app`])
      await ask(`psql -q -d app -c "${ROWS}"`)
    }
    if (mariadb === undefined) {
      await ask(
        `mariadb -e 'CREATE DATABASE shop; USE shop; CREATE TABLE events AS SELECT seq AS id, md5(seq) AS name FROM seq_1_to_1000'`,
      )
    }
    if (sqlite === undefined)
      await ask(`sqlite3 notes.db "CREATE TABLE events (id, name); INSERT INTO events VALUES (1, 'größe')"`)
  })

  after(async () => {
    const databases = [...adapted(commands.join('\n')).matchAll(new RegExp(`${ID}_\\w+`, 'g'))].map(([name]) => name)
    for (const name of new Set(databases)) {
      if (postgres === undefined) await run(['dropdb', '-h', HOST, '-U', USER, '--if-exists', '--force', name])
      if (mariadb === undefined) await run(['mariadb', ...MARIADB, '-e', `DROP DATABASE IF EXISTS ${name}`])
    }
    await emulator.close()
    rmSync(folder, { recursive: true })
  })

  for (const command of commands) {
    const needed = [...WHY_NOT].filter(([name]) => new RegExp(`(?<![\\w/.-])${name}(?![\\w.-])`).test(command))
    const skip = needed.map(([, why]) => why).find((why) => why !== undefined) ?? false
    it(command.trim(), { skip }, async () => {
      const { status, stderr } = await shell(adapted(command))
      assert.equal(status, 0, stderr)
    })
  }

  it(
    'bring everything back',
    { skip: postgres ?? mariadb ?? sqlite ?? missing('zstd') ?? missing('gpg') ?? false },
    async () => {
      const ofPostgres = (database: string) =>
        ask(`psql -XAtq -d ${database} -c 'SELECT count(*), sum(hashtextextended(row::text, 0)) FROM events AS row'`)
      for (const name of ['app_restored', 'app_from_dump', 'app_from_zstd', 'app_from_gpg']) {
        assert.equal(await ofPostgres(name), await ofPostgres('app'))
      }
      const ofMariadb = async (database: string) =>
        ask(`mariadb -e 'CHECKSUM TABLE events' --batch --skip-column-names ${database}`)
      assert.equal((await ofMariadb('shop_restored')).split('\t')[1], (await ofMariadb('shop')).split('\t')[1])
      const ofSqlite = (file: string) => ask(`sqlite3 ${file} 'SELECT * FROM events'`)
      assert.equal(await ofSqlite('notes-restored.db'), await ofSqlite('notes.db'))
    },
  )
})
