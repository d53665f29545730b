import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { RequestTrace, UploadTrace } from '../../src/index.js'
import { KiB } from '../../src/shared/byte-size.js'
import { someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { ended, listenTo } from '../support/trace-listener.js'

const UPLOADS = 'oss-upload-stream:upload'
const REQUESTS = 'oss-upload-stream:request'
const PART = 100 * KiB
const BYTES = someBytes(2 * PART + 1)

describe('the tracing channel of uploads', () => {
  it('reports each upload once, from its start to its result', async (t) => {
    const { store } = await emulatedStore(t)
    const messages = listenTo<UploadTrace>(t, UPLOADS)
    const upload = store.createUploadStream('a key', { partSize: PART })
    assert.deepEqual(
      messages.map(({ phase }) => phase),
      ['start', 'end'],
    )
    await pipeline([BYTES], upload)
    const result = await upload.done
    const [trace, ...others] = ended(messages)
    assert.deepEqual(others, [])
    assert.ok(trace?.elapsedMs !== undefined)
    const { elapsedMs, ...facts } = trace
    assert.ok(elapsedMs >= 0)
    const { provider, bucket, key, uploadId } = result
    assert.deepEqual(facts, { provider, bucket, key, uploadId, result })
  })

  it('reports files too', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'file')
    await writeFile(file, BYTES)
    const messages = listenTo<UploadTrace>(t, UPLOADS)
    const result = await store.uploadFile('key', file, { partSize: PART })
    assert.deepEqual(
      ended(messages).map((trace) => trace.result),
      [result],
    )
  })

  it('names the upload in the traces of its requests, including those that clean up', async (t) => {
    const { store } = await emulatedStore(t)
    const uploads = listenTo<UploadTrace>(t, UPLOADS)
    const requests = listenTo<RequestTrace>(t, REQUESTS)
    const upload = store.createUploadStream('key', { partSize: PART })
    upload.on('error', () => undefined)
    upload.write(BYTES)
    await new Promise((resolve) => upload.once('part', resolve))
    const reason = new Error('enough')
    upload.destroy(reason)
    await assert.rejects(upload.done, reason)
    // The end is reported in the next event-loop turn.
    await new Promise(setImmediate)
    const [trace] = ended(uploads)
    assert.equal(trace?.error, reason)
    assert.equal(trace.result, undefined)
    const made = ended(requests)
    assert.equal(made.at(-1)?.operation, 'AbortMultipartUpload')
    for (const request of made) assert.equal(request.upload, trace)
    await store.head('key').catch(() => undefined)
    assert.equal(ended(requests).at(-1)?.upload, undefined)
  })

  it('has no secret in any message', async (t) => {
    const credentials = { accessKeyId: 'AnAccessKeyId0123', accessKeySecret: 'AnAccessKeySecret0123' }
    const { store } = await emulatedStore(t, { emulator: { credentials } })
    const messages = [...['upload', 'request'].map((name) => listenTo<object>(t, `oss-upload-stream:${name}`))]
    await pipeline([BYTES], store.createUploadStream('key', { partSize: PART }))
    const text = inspect(messages, { depth: Infinity, showHidden: true })
    assert.match(text, /CompleteMultipartUpload/)
    assert.ok(!text.includes(credentials.accessKeySecret))
    assert.doesNotMatch(text, /signature/i)
  })
})
