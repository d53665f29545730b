import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pipeline } from 'node:stream/promises'
import type { ObjectStore } from '../../../src/index.js'
import { someBytes } from '../../support/bytes.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { until } from '../../support/until.js'
import { ossup, ossupProcess } from '../ossup.js'

const KEY = 'backups/app.sql'
const TARGET = `oss://test-bucket/${KEY}`
const BYTES = someBytes(3_000_000)

const put = (store: ObjectStore, bytes: Uint8Array) => pipeline([bytes], store.createUploadStream(KEY))

async function storedObject(t: Parameters<typeof emulatedStore>[0]) {
  const emulated = await emulatedStore(t)
  await pipeline([BYTES], emulated.store.createUploadStream(KEY))
  return emulated
}

describe('ossup get', { concurrency: 3 }, () => {
  it('continues where the connection broke, as often as it must', async (t) => {
    const { emulator } = await storedObject(t)
    for (const action of [
      { type: 'reset', at: 'answer', afterBytes: 800_000 },
      { type: 'truncate', afterBytes: 500_000 },
      { type: 'reset', at: 'answer', afterBytes: 400_000 },
    ] as const) {
      emulator.faults.inject({ match: { operation: 'GetObject' }, action })
    }
    const file = path.join(await temporaryFolder(t), 'app.sql')
    const { code, stderr } = await ossup(emulator, ['get', TARGET, '-o', file])
    assert.equal(code, 0, stderr)
    assert.equal(Buffer.compare(await readFile(file), BYTES), 0)
    assert.ok(emulator.requests.filter(({ operation }) => operation === 'GetObject').length >= 4)
    assert.match(stderr, /3,000,000 bytes .* in 1 range.*3 retries\n {2}verified by CRC-64 \d+\n {2}ETag /)
  })

  it('writes no binary data to a terminal, unless requested', async (t) => {
    const { emulator, store } = await storedObject(t)
    const refused = await ossup(emulator, ['get', TARGET], { isTerminal: true })
    assert.equal(refused.code, 2)
    assert.match(refused.stderr, /is not text, and standard output is a terminal: give -o FILE, or -o - /)
    assert.equal(refused.stdout, '')
    assert.equal((await ossup(emulator, ['get', TARGET, '-o', '-'], { isTerminal: true })).code, 0)
    await put(store, Buffer.from('SELECT 1; -- \u6570\u636e\n'))
    const shown = await ossup(emulator, ['get', TARGET], { isTerminal: true })
    assert.equal(shown.code, 0, shown.stderr)
    assert.equal(shown.stdout, 'SELECT 1; -- \u6570\u636e\n')
  })

  it('resumes into a file where a checkpoint is kept', async (t) => {
    const { emulator } = await storedObject(t)
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'app.sql')
    const checkpoint = path.join(folder, 'checkpoint')
    const args = ['get', TARGET, '-o', file, '--checkpoint', checkpoint, '--part-size', '1MiB', '--concurrency', '1']
    const action = { type: 'error', status: 403, code: 'AccessDenied' } as const
    emulator.faults.inject({ match: { operation: 'GetObject' }, skip: 2, action })
    const failed = await ossup(emulator, args)
    assert.equal(failed.code, 1, failed.stderr)
    assert.ok((await readdir(folder)).includes('checkpoint'))
    const { code, stderr } = await ossup(emulator, args)
    assert.equal(code, 0, stderr)
    assert.match(stderr, /resumes: 2\.00 MiB of the file were read before/)
    assert.match(stderr, /in 1 range/)
    assert.equal(Buffer.compare(await readFile(file), BYTES), 0)
    assert.deepEqual(await readdir(folder), ['app.sql'])
    const misplaced = await ossup(emulator, ['get', TARGET, '--checkpoint', checkpoint])
    assert.deepEqual([misplaced.code, /--checkpoint needs -o FILE/.test(misplaced.stderr)], [2, true])
  })

  for (const [what, action, message] of [
    ['is not what its checksum says', { type: 'wrong-checksum' }, /CRC-64/],
    ['breaks off for good', { type: 'reset', at: 'answer', afterBytes: 0 }, /broke off|failed/],
  ] as const) {
    it(`leaves a file as it was when the object ${what}`, async (t) => {
      const { emulator } = await storedObject(t)
      emulator.faults.inject({ match: { operation: 'GetObject' }, times: what.includes('good') ? 1 : 9, action })
      if (what.includes('good')) {
        emulator.faults.inject({
          match: { operation: 'GetObject' },
          action: { type: 'error', status: 403, code: 'AccessDenied' },
        })
      }
      const folder = await temporaryFolder(t)
      const file = path.join(folder, 'app.sql')
      await writeFile(file, 'as it was')
      const { code, stderr } = await ossup(emulator, ['get', TARGET, '--output', file])
      assert.equal(code, 1)
      assert.match(stderr, message)
      assert.equal(await readFile(file, 'utf8'), 'as it was')
      assert.deepEqual(await readdir(folder), ['app.sql'])
    })
  }

  for (const [what, change, message] of [
    ['another object', (store) => put(store, someBytes(3_000_000, 7)), /was replaced while it was read/],
    ['a shorter one', (store) => put(store, Buffer.alloc(10)), /was replaced while it was read/],
    ['one that is gone', (store) => store.delete(KEY), /was deleted while it was read/],
  ] as const satisfies readonly (readonly [string, (store: ObjectStore) => Promise<void>, RegExp])[]) {
    it(`does not resume with ${what}`, async (t) => {
      const { emulator, store } = await storedObject(t)
      emulator.faults.inject({
        match: { operation: 'GetObject' },
        action: { type: 'reset', at: 'answer', afterBytes: 900_000 },
      })
      // It is asked for again until the change has been made.
      emulator.faults.inject({
        match: { operation: 'GetObject' },
        times: Infinity,
        action: { type: 'error', status: 503, code: 'ServiceUnavailable' },
      })
      const ended = ossup(emulator, ['get', TARGET])
      // The second one tells that the first has begun to answer with the object as it was.
      await until(() => emulator.requests.filter(({ operation }) => operation === 'GetObject').length > 1)
      await change(store)
      emulator.faults.clear()
      const { code, stderr } = await ended
      assert.equal(code, 1)
      assert.match(stderr, message)
    })
  }

  describe('with a command', () => {
    const match = { operation: 'GetObject' } as const
    /** Says what came, and that it came to an end. */
    const reader = ['sh', '-c', 'wc -c; echo over']

    it('hands the object to it, and closes its input when all is verified', async (t) => {
      const { emulator } = await storedObject(t)
      const args = ['get', TARGET, '--part-size', '64KiB', '--concurrency', '3', '--', ...reader]
      const { code, stdout, stderr } = await ossupProcess(emulator, args)
      assert.equal(code, 0, stderr)
      assert.equal(stdout.trim(), '3000000\nover')
      assert.match(stderr, /in 46 ranges/)
    })

    for (const [what, action] of [
      ['is not what its checksum says', { type: 'wrong-checksum' }],
      ['is refused half-way', { type: 'truncate', afterBytes: 1_000_000 }],
    ] as const) {
      it(`never closes its input when the object ${what}, also of what a shell runs`, async (t) => {
        const { emulator } = await storedObject(t)
        emulator.faults.inject({ match, action })
        emulator.faults.inject({ match, action: { type: 'error', status: 403, code: 'AccessDenied' } })
        const file = path.join(await temporaryFolder(t), 'over')
        const command = `(cat >/dev/null; touch '${file}') | cat`
        const { code } = await ossup(emulator, ['get', TARGET, '--', 'sh', '-c', command])
        assert.equal(code, 1)
        await assert.rejects(readFile(file), { code: 'ENOENT' })
      })
    }

    it('fails when the command fails, ends early or is not there', async (t) => {
      const { emulator } = await storedObject(t)
      const failed = await ossup(emulator, ['get', TARGET, '--', 'sh', '-c', 'cat >/dev/null; exit 7'])
      assert.equal(failed.code, 3)
      assert.match(failed.stderr, /sh ended with status 7/)
      const early = await ossup(emulator, ['get', TARGET, '--', 'head', '-c', '10'])
      assert.equal(early.code, 3)
      assert.match(early.stderr, /head ended before it had read the whole object/)
      const missing = await ossup(emulator, ['get', TARGET, '--', 'no-such-command'])
      assert.equal(missing.code, 3)
      assert.match(missing.stderr, /there is no command "no-such-command"/)
    })

    it('starts none if the object does not exist', async (t) => {
      const { emulator } = await emulatedStore(t)
      const { code, stdout } = await ossup(emulator, ['get', TARGET, '--', 'echo', 'started'])
      assert.deepEqual([code, stdout], [6, ''])
    })

    it('is not given together with a file', async () => {
      const { code, stderr } = await ossup(undefined, ['get', TARGET, '-o', 'file', '--', 'cat'])
      assert.equal(code, 2)
      assert.match(stderr, /not both/)
    })
  })

  it('writes nothing but the bytes on standard output, also on failure and with --json', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await put(store, Buffer.alloc(3_000_000, 'x'))
    const match = { operation: 'GetObject' } as const
    emulator.faults.inject({ match, action: { type: 'reset', at: 'answer', afterBytes: 900_000 } })
    emulator.faults.inject({ match, action: { type: 'error', status: 403, code: 'AccessDenied' } })
    const { code, stdout, stderr } = await ossup(emulator, ['get', '--json', TARGET])
    assert.equal(code, 1)
    assert.match(stdout, /^x+$/)
    const names = stderr
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { event: string }).event)
    assert.deepEqual([names[0], names.at(-1)], ['start', 'failed'])
  })

  it('speaks JSON also about an option that does not exist', async () => {
    const { code, stderr } = await ossup(undefined, ['get', '--json', TARGET, '--nonsense'])
    assert.equal(code, 2)
    const { event, exitCode, message } = JSON.parse(stderr) as { event: string; exitCode: number; message: string }
    assert.deepEqual([event, exitCode], ['failed', 2])
    assert.match(message, /--nonsense/)
  })

  it('says that there is none', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { code, stdout, stderr } = await ossup(emulator, ['get', TARGET])
    assert.deepEqual([code, stdout], [6, ''])
    assert.match(stderr, /NoSuchKey/)
  })
})
