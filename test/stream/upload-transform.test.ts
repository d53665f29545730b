import assert from 'node:assert/strict'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { createGunzip, createGzip } from 'node:zlib'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'

const PART = 100 * 1024

describe('an upload transform', () => {
  it('compresses, uploads and keeps a local copy in one pipeline', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = await mkdtemp(path.join(tmpdir(), 'upload-transform-'))
    t.after(() => rm(folder, { recursive: true }))
    const copy = path.join(folder, 'copy.gz')
    const bytes = someBytes(5 * PART)
    const upload = store.createUploadTransform('copy.gz', { partSize: PART })
    await pipeline(Readable.from([bytes]), createGzip(), upload, createWriteStream(copy))

    const { size, parts } = await upload.done
    assert.ok(parts > 1)
    const local = await readFile(copy)
    assert.equal(local.length, size)
    assert.deepEqual(await readAll((await store.get('copy.gz')).body), local)
    assert.deepEqual(await readAll(createReadStream(copy).pipe(createGunzip())), bytes)
  })

  it('ends its readable side only when the object is stored', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({ match: { operation: 'PutObject' }, action: { type: 'delay', ms: 50 } })
    const upload = store.createUploadTransform('k')
    upload.end('bytes')
    assert.equal((await readAll(upload)).toString(), 'bytes')
    assert.equal(await exists(store, 'k'), true)
  })

  it('publishes nothing when the destination behind it fails', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadTransform('k', { partSize: PART })
    const full = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('disk full')) })
    await assert.rejects(pipeline(Readable.from([someBytes(3 * PART)]), upload, full), /disk full/)
    await assert.rejects(upload.done, /disk full/)
    assert.equal(await exists(store, 'k'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('publishes nothing when the source fails', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadTransform('k', { partSize: PART })
    const source = new PassThrough()
    const piped = pipeline(source, upload, new PassThrough().resume())
    source.write(someBytes(3 * PART))
    source.destroy(new Error('source'))
    await assert.rejects(piped, /source/)
    await assert.rejects(upload.done, /source/)
    assert.equal(await exists(store, 'k'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
