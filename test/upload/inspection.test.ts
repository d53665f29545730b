import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import type { ObjectStore, UploadOptions, UploadResult } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const BYTES = someBytes(1_000_000)
const PARTS = { partSize: 102_400, concurrency: 3 }

type Sender = (
  store: ObjectStore,
  options: Pick<UploadOptions, 'inspect' | 'signal'>,
  t: TestContext,
) => Promise<UploadResult>

const SENDERS: Readonly<Record<string, Sender>> = {
  'a stream': async (store, options) => {
    const upload = store.createUploadStream('k', { ...PARTS, ...options })
    await pipeline(Readable.from([BYTES.subarray(0, 10), BYTES.subarray(10)]), upload).finally(() => upload.done)
    return upload.done
  },
  'a transform': async (store, options) => {
    const upload = store.createUploadTransform('k', { ...PARTS, ...options })
    await pipeline(Readable.from([BYTES]), upload.resume()).finally(() => upload.done)
    return upload.done
  },
  'upload()': (store, options) => store.upload('k', BYTES, { ...PARTS, ...options }),
  'a file': async (store, options, t) => {
    const file = path.join(await temporaryFolder(t), 'file')
    await writeFile(file, BYTES)
    return store.uploadFile('k', file, { ...PARTS, ...options, checkpoint: false })
  },
  'a small file': async (store, options, t) => {
    const file = path.join(await temporaryFolder(t), 'file')
    await writeFile(file, BYTES)
    return store.uploadFile('k', file, { ...options, checkpoint: false })
  },
}

describe('inspect', () => {
  for (const [name, send] of Object.entries(SENDERS)) {
    it(`sees all bytes of ${name} in order, and the end before anything is published`, async (t) => {
      const { store } = await emulatedStore(t)
      const seen: Buffer[] = []
      let wasThere: boolean | undefined
      const result = await send(
        store,
        {
          inspect: {
            bytes: (chunk) => void seen.push(Buffer.from(chunk)),
            end: async () => {
              wasThere = await exists(store, 'k')
            },
          },
        },
        t,
      )
      assert.ok(Buffer.concat(seen).equals(BYTES))
      assert.equal(wasThere, false)
      assert.equal(result.size, BYTES.length)
    })

    it(`refuses ${name} by what it throws, and nothing is published`, async (t) => {
      const { store } = await emulatedStore(t)
      const refusal = new Error('not this')
      let calls = 0
      const refuse = () => {
        throw refusal
      }
      const late = () => {
        calls += 1
        if (calls === 8) throw refusal
      }
      for (const inspect of [
        { bytes: late, end: refuse },
        { bytes: () => undefined, end: refuse },
        { bytes: () => undefined, end: () => Promise.reject(refusal) },
      ]) {
        await assert.rejects(send(store, { inspect }, t), refusal)
        assert.equal(await exists(store, 'k'), false)
        assert.deepEqual(await unfinishedUploads(store), [])
      }
    })

    it(`does not keep ${name} when it never comes to an end and the signal is aborted`, async (t) => {
      const { store } = await emulatedStore(t)
      const controller = new AbortController()
      const end = () => {
        controller.abort()
        return new Promise<void>(() => undefined)
      }
      const inspect = { bytes: () => undefined, end }
      await assert.rejects(send(store, { inspect, signal: controller.signal }, t), { code: 'ABORTED' })
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('sees the parts of a file that an earlier run sent', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'file')
    await writeFile(file, BYTES)
    const options = { ...PARTS, checkpoint: path.join(folder, 'checkpoint'), checkContent: false }
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      skip: 5,
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    await assert.rejects(store.uploadFile('k', file, options), { code: 'ACCESS_DENIED' })
    const hash = createHash('sha256')
    const result = await store.uploadFile('k', file, {
      ...options,
      inspect: { bytes: (chunk) => void hash.update(chunk) },
    })
    assert.ok(result.resumed !== undefined)
    assert.equal(hash.digest('hex'), createHash('sha256').update(BYTES).digest('hex'))
    assert.ok((await readAll((await store.get('k')).body)).equals(BYTES))
  })

  it('is refused where it is none, and where it would not see all', async (t) => {
    const { store } = await emulatedStore(t)
    const create = (options: object) => () => store.createUploadStream('k', options)
    for (const inspect of [1, {}, { bytes: 1 }, { bytes() {}, end: 1 }, { bytes() {}, ended() {} }]) {
      assert.throws(create({ inspect }), { code: 'INVALID_OPTION', message: /inspect/ })
    }
    const checkpoint = { read: () => undefined, write: () => undefined, remove: () => undefined }
    assert.throws(create({ checkpoint, resume: 'offset', inspect: { bytes() {} } }), { message: /needs all bytes/ })
  })
})
