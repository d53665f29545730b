import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emulatedStore, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'

describe('examples/unfinished-uploads.ts', () => {
  it('lists what was initiated below a prefix, and aborts what is old enough', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const keys = ['backups/a', 'backups/b', 'other']
    for (const key of keys) {
      const uploadId = await store.initiateMultipartUpload(key)
      for (const partNumber of [1, 2]) await store.uploadPart({ key, uploadId }, partNumber, Buffer.alloc(1000))
    }
    const run = (...args: string[]) => runExample('unfinished-uploads.ts', args, environmentOf(emulator))
    const listed = await run('backups/')
    assert.equal(listed.code, 0, listed.stderr)
    assert.match(listed.stdout, /^backups\/a \S+ \S+Z 2000 bytes\nbackups\/b \S+ \S+Z 2000 bytes\n$/)
    const all = await run()
    assert.equal(all.code, 0, all.stderr)
    assert.equal(all.stdout.match(/ 2000 bytes$/gm)?.length, 3)
    assert.match((await run('backups/', '24')).stdout, /^0 aborted, 2 kept$/m)
    assert.match((await run('backups/', '0')).stdout, /^2 aborted, 0 kept$/m)
    assert.deepEqual(await unfinishedUploads(store), ['other'])
  })
})
