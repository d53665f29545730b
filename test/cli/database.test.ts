import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { type Command, run, whyNot } from '../support/commands.js'
import { embeddedStore, exists, unfinishedUploads } from '../support/embedded-store.js'
import { MAIN, ossupEnvironment } from './ossup.js'

const SERVER = ['-h', process.env['PGHOST'] ?? '127.0.0.1', '-U', process.env['PGUSER'] ?? 'postgres', '-w'] as const
const psql = (...args: string[]): Command => ['psql', ...SERVER, '-X', '-q', '-v', 'ON_ERROR_STOP=1', ...args]

const skip = whyNot(psql('-d', 'postgres', '-c', 'SELECT 1')) ?? whyNot(['pg_dump', '--version']) ?? false
const TARGET = 'oss://test-bucket/app.sql'

describe('a database', { skip }, () => {
  it('comes back through ossup put and ossup get', async (t) => {
    const { emulator, store } = await embeddedStore(t)
    const original = `ossup_${process.pid}_${randomBytes(4).toString('hex')}`
    const restored = `${original}_restored`
    t.after(async () => {
      for (const name of [original, restored]) await run(['dropdb', ...SERVER, '--if-exists', '--force', name])
    })
    for (const name of [original, restored]) await run(['createdb', ...SERVER, '-T', 'template0', name])
    const rows = `CREATE TABLE events AS SELECT n AS id, md5(n::text) AS name, repeat(md5((n * 7)::text), 10) AS payload
      FROM generate_series(1, 30000) n`
    await run(psql('-d', original, '-c', rows))
    const shell = async (script: string) => {
      const child = spawn('bash', ['-o', 'pipefail', '-c', script, process.execPath, MAIN], {
        env: ossupEnvironment(emulator),
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let said = ''
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
      const [code] = (await once(child, 'close')) as [number]
      return { code, said }
    }
    const ossup = '"$0" --import tsx "$1"'
    const server = SERVER.join(' ')
    const dump = `pg_dump ${server} -d ${original}`
    const tail = `--expect-tail '-- PostgreSQL database dump complete' --min-size 1MB`

    const piped = await shell(`${dump} --no-comments | ${ossup} put ${TARGET}.piped --min-size 1MB`)
    assert.equal(piped.code, 0, piped.said)
    const stored = await shell(`${ossup} put ${TARGET} -- ${dump}`)
    assert.equal(stored.code, 0, stored.said)
    const read = await shell(`${ossup} get ${TARGET} | psql ${server} -X -q -v ON_ERROR_STOP=1 -d ${restored}`)
    assert.equal(read.code, 0, read.said)
    const sum = (name: string) =>
      run(psql('-At', '-d', name, '-c', 'SELECT count(*), sum(hashtextextended(row::text, 0)) FROM events AS row'))
    assert.equal(await sum(restored), await sum(original))

    const cut = await shell(`${dump} | head -c 2000000 | ${ossup} put ${TARGET}.cut ${tail}`)
    assert.equal(cut.code, 3)
    assert.match(cut.said, /--expect-tail is "-- PostgreSQL database dump complete"/)
    const failed = await shell(`${ossup} put ${TARGET}.cut -- pg_dump ${server} -d ${original}_missing`)
    assert.equal(failed.code, 3)
    assert.match(failed.said, /pg_dump ended with status 1; /)
    assert.equal(await exists(store, 'app.sql.cut'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
