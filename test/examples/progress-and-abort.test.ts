import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample, startExample } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'

const KEY = 'backups/disk.img'

function untilPartsAreThere({ requests }: Emulator): Promise<void> {
  return until(() => requests.some(({ operation, status }) => operation === 'UploadPart' && status === 200))
}

describe('examples/progress-and-abort.ts', () => {
  it('stores a file and reports progress', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'disk.img')
    const bytes = someBytes(10_000_000)
    await writeFile(file, bytes)
    const args = [`oss://test-bucket/${KEY}`, file]
    const { code, stdout, stderr } = await runExample('progress-and-abort.ts', args, environmentOf(emulator))
    assert.equal(code, 0, stderr)
    assert.equal(stdout, `stored oss://test-bucket/${KEY}: 10000000 bytes\n`)
    assert.match(
      stderr,
      /9\.5 MiB read, 9\.5 MiB stored in 2 parts, 0 in flight, 0 retries, waiting for the network\n$/,
    )
    assert.equal(Buffer.compare(await readAll((await store.get(KEY)).body), bytes), 0)
  })

  it('stores standard input', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const { child, ended } = startExample('progress-and-abort.ts', [KEY], environmentOf(emulator))
    child.stdin.end('from a pipe')
    const { code, stderr } = await ended
    assert.equal(code, 0, stderr)
    assert.equal((await readAll((await store.get(KEY)).body)).toString(), 'from a pipe')
  })

  it('aborts on SIGINT and leaves nothing behind', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const { child, ended } = startExample('progress-and-abort.ts', [KEY], environmentOf(emulator))
    // Standard input stays open: the source has nothing more to give, and has not ended.
    child.stdin.write(someBytes(10_000_000))
    await untilPartsAreThere(emulator)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 1)
    assert.match(stderr, /aborted: interrupted\n$/)
    assert.equal(await exists(store, KEY), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('aborts at its time limit', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const environment = { ...environmentOf(emulator), LIMIT_MS: '300' }
    const { child, ended } = startExample('progress-and-abort.ts', [KEY], environment)
    child.stdin.write(someBytes(10_000_000))
    const { code, stderr } = await ended
    assert.equal(code, 1)
    assert.match(stderr, /aborted: not done within 300 ms\n$/)
    assert.equal(await exists(store, KEY), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('names the upload that is left behind when the clean-up fails too', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { child, ended } = startExample('progress-and-abort.ts', [KEY], environmentOf(emulator))
    child.stdin.write(someBytes(10_000_000))
    await untilPartsAreThere(emulator)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 1)
    const uploads = []
    for await (const { uploadId } of store.listMultipartUploads()) uploads.push(uploadId)
    assert.equal(uploads.length, 1)
    assert.match(stderr, new RegExp(`upload ${uploads.join('')} was not aborted: .*AccessDenied`))
  })
})
