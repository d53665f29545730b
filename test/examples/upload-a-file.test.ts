import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'

describe('examples/upload-a-file.ts', () => {
  it('stores a file once, and reports progress and the properties of the object', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'holiday.mp4')
    const bytes = someBytes(20_000_000)
    await writeFile(file, bytes)
    const environment = { ...environmentOf(emulator), XDG_STATE_HOME: folder }
    const args = ['videos/holiday.mp4', file]
    const { code, stdout, stderr } = await runExample('upload-a-file.ts', args, environment)
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      /^videos\/holiday\.mp4: 20000000 bytes of video\/mp4 in 3 parts, CRC-64 \d+, \{.*"year":"2026"/,
    )
    assert.match(stderr, /\[#{20}\] 100 %, 0 retries\n$/)
    const { body, headers } = await store.get('videos/holiday.mp4')
    assert.deepEqual([headers['cache-control'], headers['x-oss-tagging-count']], ['no-cache', '1'])
    assert.equal(Buffer.compare(await readAll(body), bytes), 0)

    const again = await runExample('upload-a-file.ts', args, environment)
    assert.equal(again.code, 1)
    assert.match(again.stderr, /^ALREADY_EXISTS: /m)
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
