/** The emulator and what our stream wrote into it, seen by Huawei Cloud's own client of OBS. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import ObsClient from 'esdk-obs-nodejs'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { providerStore } from '../support/provider-store.js'
import { send } from '../support/signed-request.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PART = 100 * 1024
const REGION = 'cn-north-4'
const BUCKET = 'test-bucket'
const KEYS = ['plain.txt', 'dir/with space.txt', 'a+b=c&d?e#f%25.txt', 'ünïcödé/文件/😀.bin', 'quotes\'"(1)!~*.txt']

type ClientOptions = Partial<ConstructorParameters<typeof ObsClient>[0]>

/**
 * A client is usable a turn later: it sets itself up in an asynchronous function that nobody can wait for. A call at
 * once fails with a TypeError, and further calls on that bucket wait for the failed one for ever.
 */
async function clientOf(emulator: Emulator, options: ClientOptions = {}): Promise<ObsClient> {
  const { accessKeyId: access_key_id, accessKeySecret: secret_access_key } = emulator.credentials
  const client = new ObsClient({ access_key_id, secret_access_key, server: emulator.endpoint, ...options })
  await nextTurn()
  return client
}

/** By host name, for which the client first asks whether OBS's own signature is understood. */
function virtualHosted(emulator: Emulator): ClientOptions {
  const agent = new http.Agent({
    lookup: (_host, options, callback) => {
      if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
      else callback(null, '127.0.0.1', 4)
    },
  })
  return { server: `http://obs.localhost:${new URL(emulator.endpoint).port}`, http_agent: agent }
}

const MODES = [
  ['by path, signed as AWS', () => ({}), 'AWS'],
  ['by host name, signed as OBS', virtualHosted, 'OBS'],
] as const

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

for (const [mode, optionsOf, scheme] of MODES) {
  describe(`esdk-obs ${mode}`, () => {
    it('puts, heads, gets, lists and deletes objects with any names', async () => {
      await using emulator = await startEmulator({ region: REGION })
      const client = await clientOf(emulator, optionsOf(emulator))
      for (const Key of KEYS) {
        const text = `the body of ${Key}`
        const target = { Bucket: BUCKET, Key }
        const put = await client.putObject({ ...target, Body: text, Metadata: { owner: 'me' } })
        assert.equal(put.InterfaceResult.ETag, `"${md5(Buffer.from(text))}"`, Key)
        const head = await client.getObjectMetadata(target)
        assert.deepEqual(head.InterfaceResult.Metadata, { owner: 'me' })
        const { Content } = (await client.getObject({ ...target, SaveAsStream: true })).InterfaceResult
        assert.equal((await readAll(Content)).toString(), text)
      }
      const listed = await client.listObjects({ Bucket: BUCKET, EncodingType: 'url' })
      assert.deepEqual(listed.InterfaceResult.Contents.map(({ Key }) => Key).sort(), [...KEYS].sort())
      for (const Key of KEYS) await client.deleteObject({ Bucket: BUCKET, Key })
      const { CommonMsg } = await client.getObjectMetadata({ Bucket: BUCKET, Key: 'plain.txt' })
      assert.equal(CommonMsg.Status, 404)
      assert.equal(CommonMsg.Code, 'NoSuchKey')
      const prefix = scheme === 'OBS' ? 'x-obs-' : 'x-amz-'
      assert.ok(emulator.requests.some(({ headers }) => Object.keys(headers).some((name) => name.startsWith(prefix))))
      assert.ok(emulator.requests.every(({ dialect }) => dialect === 'obs'))
    })

    it('uploads a file in parts, which our store reads and checks', async (t) => {
      const { emulator, store } = await providerStore(t, { provider: 'obs' })
      const client = await clientOf(emulator, optionsOf(emulator))
      const bytes = someBytes(3 * PART + 1)
      const file = join(await temporaryFolder(t), 'file')
      writeFileSync(file, bytes)
      const target = { Bucket: BUCKET, Key: 'from a file' }
      const done = await client.uploadFile({ ...target, UploadFile: file, PartSize: PART, TaskNum: 2 })
      assert.equal(done.CommonMsg.Status, 200)
      const { body, etag } = await store.get('from a file')
      assert.equal(Buffer.compare(await readAll(body), bytes), 0)
      assert.equal(etag, done.InterfaceResult.ETag)
      assert.match(etag, /^"[0-9a-f]{32}-4"$/)
    })

    it('gets, heads and lists what our stream wrote', async (t) => {
      const { emulator, store } = await providerStore(t, { provider: 'obs' })
      const client = await clientOf(emulator, optionsOf(emulator))
      for (const [index, Key] of KEYS.entries()) {
        const bytes = someBytes(index * PART + index)
        const upload = store.createUploadStream(Key, { partSize: PART, metadata: { owner: 'us' } })
        await pipeline(Readable.from([bytes]), upload)
        const { etag } = await upload.done
        const target = { Bucket: BUCKET, Key }
        const { Content, ETag } = (await client.getObject({ ...target, SaveAsStream: true })).InterfaceResult
        assert.equal(Buffer.compare(await readAll(Content), bytes), 0, Key)
        assert.equal(ETag, etag)
        const head = (await client.getObjectMetadata(target)).InterfaceResult
        assert.deepEqual(head.Metadata, { owner: 'us' })
        assert.equal(head.ContentLength, String(bytes.length))
        const listed = (await client.listObjects({ Bucket: BUCKET, EncodingType: 'url' })).InterfaceResult.Contents
        assert.equal(listed.find((object) => object.Key === Key)?.ETag, etag)
      }
    })

    it('sees and ends uploads of our store', async (t) => {
      const { emulator, store } = await providerStore(t, { provider: 'obs' })
      const client = await clientOf(emulator, optionsOf(emulator))
      const [Key, bytes] = ['shared ü+1', someBytes(PART)]
      const UploadId = await store.initiateMultipartUpload(Key)
      const first = await store.uploadPart({ key: Key, uploadId: UploadId }, 1, bytes)
      const second = await client.uploadPart({ Bucket: BUCKET, Key, UploadId, PartNumber: 2, Body: 'the end' })
      const uploads = await client.listMultipartUploads({ Bucket: BUCKET, EncodingType: 'url' })
      assert.deepEqual(
        uploads.InterfaceResult.Uploads.map((upload) => [upload.Key, upload.UploadId]),
        [[Key, UploadId]],
      )
      const { Parts } = (await client.listParts({ Bucket: BUCKET, Key, UploadId })).InterfaceResult
      assert.deepEqual(
        Parts.map(({ ETag }) => ETag),
        [first.etag, second.InterfaceResult.ETag],
      )
      await client.completeMultipartUpload({ Bucket: BUCKET, Key, UploadId, Parts })
      const whole = Buffer.concat([bytes, Buffer.from('the end')])
      assert.equal(Buffer.compare(await readAll((await store.get(Key)).body), whole), 0)

      const given = await store.initiateMultipartUpload('given up')
      const abort = await client.abortMultipartUpload({ Bucket: BUCKET, Key: 'given up', UploadId: given })
      assert.equal(abort.CommonMsg.Status, 204)
      assert.deepEqual((await client.listMultipartUploads({ Bucket: BUCKET })).InterfaceResult.Uploads, [])
    })
  })
}

describe('esdk-obs', () => {
  it('requests the version before it uses the signature of OBS, and falls back to that of AWS', async () => {
    await using emulator = await startEmulator({ region: REGION })
    const put = async () => {
      const client = await clientOf(emulator, virtualHosted(emulator))
      await client.putObject({ Bucket: BUCKET, Key: 'k', Body: 'x' })
    }
    await put()
    assert.deepEqual(
      emulator.requests.map(({ operation }) => operation),
      ['HeadApiVersion', 'PutObject'],
    )
    assert.ok('x-obs-request-id' in (await headersOfPut(emulator)))
    emulator.faults.inject({ match: { operation: 'HeadApiVersion' }, action: { type: 'answer', status: 400 } })
    await put()
    assert.equal(emulator.requests.at(-1)?.status, 200)
  })

  it('accepts signature v4 for v2', async () => {
    await using emulator = await startEmulator({ region: REGION, providers: ['obs'] })
    const client = await clientOf(emulator, { signature: 'v4', region: REGION })
    await client.putObject({ Bucket: BUCKET, Key: 'k', Body: 'x' })
    // Its set-up knows two schemes, and takes whatever is not `obs` for the older one.
    assert.ok(!('x-amz-content-sha256' in emulator.requests[0]!.headers))
  })

  it('damages bodies that are Buffers: it sends their text', async () => {
    await using emulator = await startEmulator({ region: REGION })
    const client = await clientOf(emulator)
    const bytes = Buffer.from([0x00, 0xff, 0xfe, 0xc8])
    const put = await client.putObject({ Bucket: BUCKET, Key: 'k', Body: bytes })
    assert.equal(put.InterfaceResult.ETag, `"${md5(Buffer.from(bytes.toString()))}"`)
    assert.notEqual(put.InterfaceResult.ETag, `"${md5(bytes)}"`)
    const streamed = await client.putObject({ Bucket: BUCKET, Key: 'k', Body: Readable.from([bytes]) })
    assert.equal(streamed.InterfaceResult.ETag, `"${md5(bytes)}"`)
  })
})

async function headersOfPut(emulator: Emulator): Promise<http.IncomingHttpHeaders> {
  return (await send(emulator, { method: 'PUT', bucket: BUCKET, key: 'k', signature: 'obs' })).headers
}
