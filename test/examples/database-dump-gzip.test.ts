import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readAll } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'

const KEY = 'backups/app + größe.sql.gz'

/** Random bytes, so that they are as many when they are compressed; more than one part. */
const WRITE = `process.stdout.write(require('node:crypto').randomBytes(10 * 2 ** 20), () => { ENDING })`

describe('examples/database-dump-gzip.ts', () => {
  it('stores the compressed output of a command', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const dump = ['-e', `for (let i = 0; i < 1000; i += 1) console.log('INSERT', i)`]
    const args = [`oss://test-bucket/${KEY}`, process.execPath, ...dump]
    const { code, stdout, stderr } = await runExample('database-dump-gzip.ts', args, environmentOf(emulator))
    assert.equal(code, 0, stderr)
    const { body, contentType, crc64 } = await store.get(KEY)
    assert.equal(contentType, 'application/gzip')
    assert.match(stdout, new RegExp(`in 1 parts, CRC-64 ${crc64}\n$`))
    const expected = Array.from({ length: 1000 }, (_, i) => `INSERT ${i}\n`).join('')
    assert.equal(gunzipSync(await readAll(body)).toString(), expected)
  })

  for (const [what, ending, message] of [
    ['fails after it wrote', 'process.exit(3)', /ended with status 3/],
    ['is killed after it wrote', `process.kill(process.pid, 'SIGKILL')`, /ended with SIGKILL/],
  ] as const) {
    it(`publishes nothing when the command ${what}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const args = [KEY, process.execPath, '-e', WRITE.replace('ENDING', ending)]
      const { code, stderr } = await runExample('database-dump-gzip.ts', args, environmentOf(emulator))
      assert.notEqual(code, 0)
      assert.match(stderr, message)
      assert.equal(await exists(store, KEY), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('publishes nothing if the command does not exist', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const args = [KEY, 'there-is-no-such-command']
    const { code, stderr } = await runExample('database-dump-gzip.ts', args, environmentOf(emulator))
    assert.notEqual(code, 0)
    assert.match(stderr, /ENOENT/)
    assert.equal(await exists(store, KEY), false)
  })
})
