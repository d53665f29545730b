/** Uploads where the platform's own means meet streams. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { KiB } from '../../src/shared/byte-size.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { uploadError } from '../support/errors.js'

const PART = 100 * KiB
const BYTES = someBytes(2 * PART + 1)

function* slices(): Generator<Buffer> {
  for (let at = 0; at < BYTES.length; at += 1000) yield BYTES.subarray(at, at + 1000)
}

async function* later(): AsyncGenerator<Buffer> {
  for (const slice of slices()) {
    await Promise.resolve()
    yield slice
  }
}

describe('an upload', () => {
  it('accepts iterables, async ones and functions of them through pipeline()', async (t) => {
    const { store } = await emulatedStore(t)
    await pipeline(slices, store.createUploadStream('iterable', { partSize: PART }))
    await pipeline(later, store.createUploadStream('async iterable', { partSize: PART }))
    const twice = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of source) yield chunk
    }
    await pipeline(later, twice, store.createUploadStream('function', { partSize: PART }))
    for (const key of ['iterable', 'async iterable', 'function']) {
      assert.deepEqual(await readAll((await store.get(key)).body), BYTES)
    }
  })

  it('is a WritableStream by Writable.toWeb(), whose close() means stored', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('key', { partSize: PART })
    const sink: WritableStream<Buffer> = Writable.toWeb(upload)
    await ReadableStream.from(later()).pipeTo(sink)
    assert.deepEqual(await readAll((await store.get('key')).body), BYTES)
    assert.equal((await upload.done).parts, 3)
  })

  it('is aborted by abort() of the WritableStream', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('key', { partSize: PART })
    const writer = Writable.toWeb(upload).getWriter()
    await writer.write(BYTES)
    const reason = new Error('enough')
    await writer.abort(reason)
    await assert.rejects(upload.done, reason)
    assert.deepEqual([await exists(store, 'key'), await unfinishedUploads(store)], [false, []])
  })

  it('is aborted by `await using` when the block ends early, and left alone when it was stored', async (t) => {
    const { store } = await emulatedStore(t)
    const write = async (key: string, end: boolean): Promise<void> => {
      await using upload = store.createUploadStream(key, { partSize: PART })
      upload.write(BYTES)
      if (!end) throw new RangeError('the source has failed')
      upload.end()
      await upload.done
    }
    await write('stored', true)
    assert.ok(await exists(store, 'stored'))
    await assert.rejects(write('failed', false), RangeError)
    assert.deepEqual([await exists(store, 'failed'), await unfinishedUploads(store)], [false, []])
  })

  it('ends with a time limit, or any signal of several', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    emulator.faults.inject({ match: { operation: 'PutObject' }, action: { type: 'stall', at: 'uncommitted' } })
    const controller = new AbortController()
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(50)])
    const upload = store.createUploadStream('key', { signal })
    await assert.rejects(pipeline(['content'], upload), uploadError('ABORTED'))
    assert.equal((signal.reason as Error).name, 'TimeoutError')
    assert.equal(await exists(store, 'key'), false)
  })

  it('has events that once() waits for', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('key', { partSize: PART })
    const initiated = once(upload, 'initiated')
    upload.end(BYTES)
    const [uploadId] = (await initiated) as [string]
    assert.equal((await upload.done).uploadId, uploadId)
  })
})
