import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('examples/keep-a-copy.ts', () => {
  it('stores the compressed file and keeps the same bytes here', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const [source, copy] = [path.join(folder, 'access.log'), path.join(folder, 'access.log.gz')]
    const bytes = someBytes(10_000_000)
    await writeFile(source, bytes)
    const args = [source, 'oss://test-bucket/logs/access.log.gz', copy]
    const { code, stderr } = await runExample('keep-a-copy.ts', args, environmentOf(emulator))
    assert.equal(code, 0, stderr)
    const kept = await readFile(copy)
    assert.equal(Buffer.compare(kept, await readAll((await store.get('logs/access.log.gz')).body)), 0)
    assert.equal(Buffer.compare(gunzipSync(kept), bytes), 0)
    assert.deepEqual((await readdir(folder)).sort(), ['access.log', 'access.log.gz'])
  })

  it('keeps no copy of what is not stored', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'PutObject' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const folder = await temporaryFolder(t)
    const source = path.join(folder, 'access.log')
    await writeFile(source, 'GET /')
    const args = [source, 'logs/access.log.gz', path.join(folder, 'access.log.gz')]
    const { code, stderr } = await runExample('keep-a-copy.ts', args, environmentOf(emulator))
    assert.notEqual(code, 0)
    assert.match(stderr, /code: 'ACCESS_DENIED'/)
    assert.equal(await exists(store, 'logs/access.log.gz'), false)
    assert.deepEqual(await readdir(folder), ['access.log'])
  })
})
