import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'

const KEYS = [
  '../../outside',
  'a/../b',
  './.',
  '..',
  'a//b',
  'nul\0byte',
  'control\u0001\u001f\u007f',
  'line\r\nx-oss-object-acl: public-read',
  ' space around ',
  'plus+and%20percent%2F..%2F',
  '?query=1&uploads#fragment',
  `quotes'"<>&\\`,
  '😀 größe 中文',
  '__proto__',
  'constructor',
  'x'.repeat(1023),
  'ü'.repeat(511),
]

describe('keys that are unusual', () => {
  for (const signatureVersion of [4, 1] as const) {
    it(`are kept as they are, with signatures of version ${signatureVersion}, and touch nothing else`, async (t) => {
      const parent = await mkdtemp(path.join(tmpdir(), 'hostile-names-'))
      t.after(() => rm(parent, { recursive: true }))
      const directory = path.join(parent, 'a', 'b', 'c')
      const { store } = await emulatedStore(t, { emulator: { directory }, store: { signatureVersion } })
      const bytes = someBytes(150_000)
      for (const key of KEYS) {
        const single = store.createUploadStream(key)
        single.end(key)
        assert.equal((await single.done).key, key)
        assert.equal((await readAll((await store.get(key)).body)).toString(), key)

        const multipart = store.createUploadStream(key, { partSize: 102_400 })
        multipart.write(bytes)
        await once(multipart, 'initiated')
        assert.deepEqual(await unfinishedUploads(store), [key])
        multipart.end()
        await multipart.done
        assert.deepEqual(await readAll((await store.get(key)).body), bytes)
      }
      for (const key of KEYS) {
        assert.equal((await store.head(key)).size, bytes.length)
        await store.delete(key)
        assert.equal(await exists(store, key), false)
      }
      assert.deepEqual(await readdir(parent), ['a'])
      assert.deepEqual(await readdir(path.join(parent, 'a')), ['b'])
      assert.deepEqual(await readdir(path.join(parent, 'a', 'b')), ['c'])
    })
  }
})
