/** What our stream wrote, seen by a client that was not written here. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import OSS from 'ali-oss'
import type { Emulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'

const PART = 100 * 1024

const KEYS = [
  'plain.txt',
  'dir/with space.txt',
  'a+b=c&d?e#f%25.txt',
  'ünïcödé/文件/😀.bin',
  'quotes\'"(1)!~*.txt',
  'double//slash/',
]

const BODIES = [
  ['nothing', someBytes(0), 'Normal'],
  ['a single put', someBytes(1000), 'Normal'],
  ['several parts', someBytes(3 * PART + 1), 'Multipart'],
] as const

for (const version of ['V1', 'V4']) {
  const clientOf = (emulator: Emulator) =>
    new OSS({
      ...emulator.credentials,
      endpoint: emulator.endpoint,
      region: `oss-${emulator.region}`,
      bucket: 'test-bucket',
      authorizationV4: version === 'V4',
    })

  describe(`ali-oss with signature ${version}`, () => {
    for (const [what, bytes, type] of BODIES) {
      it(`gets, heads and lists what our stream wrote: ${what}`, async (t) => {
        const { emulator, store } = await emulatedStore(t)
        const client = clientOf(emulator)
        for (const key of KEYS) {
          const upload = store.createUploadStream(key, {
            partSize: PART,
            contentType: 'application/x-test',
            metadata: { Owner: 'me, myself' },
            headers: { 'Cache-Control': 'no-cache', 'Content-Disposition': 'attachment' },
            storageClass: 'IA',
            tagging: { 'a b': 'c+d', größe: '' },
          })
          await pipeline(Readable.from([bytes]), upload)
          const { size, etag, crc64 } = await upload.done

          const { content, res } = await client.get(key)
          assert.equal(Buffer.compare(content, bytes), 0, key)
          assert.equal(res.headers['etag'], etag)
          assert.equal(res.headers['x-oss-hash-crc64ecma'], crc64)
          assert.equal(res.headers['cache-control'], 'no-cache')
          assert.equal(res.headers['content-disposition'], 'attachment')

          const head = await client.head(key)
          assert.deepEqual(head.meta, { owner: 'me, myself' })
          assert.equal(head.res.headers['content-length'], String(size))
          assert.equal(head.res.headers['content-type'], 'application/x-test')
          assert.equal(head.res.headers['x-oss-object-type'], type)
          assert.equal(head.res.headers['x-oss-storage-class'], 'IA')
          assert.equal(head.res.headers['etag'], etag)
          assert.equal(head.res.headers['x-oss-hash-crc64ecma'], crc64)
          assert.deepEqual((await client.getObjectTagging(key)).tag, { 'a b': 'c+d', größe: '' })

          const listed = (await client.list({ 'max-keys': 100 })).objects.find(({ name }) => name === key)
          assert.deepEqual(
            { name: listed?.name, size: listed?.size, etag: listed?.etag, type: listed?.type },
            { name: key, size, etag, type },
          )
        }
        const { objects } = await client.listV2({ 'max-keys': 100 })
        assert.deepEqual(objects.map(({ name }) => name).sort(), [...KEYS].sort())
      })
    }

    it('streams and reads ranges of what our stream wrote', async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const client = clientOf(emulator)
      const bytes = someBytes(3 * PART + 1)
      const upload = store.createUploadStream('streamed', { partSize: PART })
      await pipeline(Readable.from([bytes]), upload)
      const { stream } = await client.getStream('streamed')
      assert.equal(Buffer.compare(await readAll(stream), bytes), 0)
      const across = await client.get('streamed', { headers: { Range: `bytes=${PART - 5}-${PART + 4}` } })
      assert.equal(Buffer.compare(across.content, bytes.subarray(PART - 5, PART + 5)), 0)
    })

    it('sees and completes an upload of our store, with parts of both', async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const client = clientOf(emulator)
      const [key, bytes] = ['shared ü+1', someBytes(2 * PART)]
      const uploadId = await store.initiateMultipartUpload(key)
      const [ours, theirs] = [bytes.subarray(0, PART), bytes.subarray(PART)]
      const first = await store.uploadPart({ key, uploadId }, 1, ours)
      const second = await client.uploadPart(key, uploadId, 2, theirs, 0, theirs.length)
      const uploads = (await client.listUploads({ 'max-uploads': 10 })).uploads
      assert.deepEqual(
        uploads.map((upload) => [upload.name, upload.uploadId]),
        [[key, uploadId]],
      )
      const { parts } = await client.listParts(key, uploadId)
      assert.deepEqual(
        parts.map(({ PartNumber, ETag }) => [Number(PartNumber), ETag]),
        [
          [1, first.etag],
          [2, second.etag],
        ],
      )
      assert.equal(parts[0]?.HashCrc64ecma, first.crc64)
      await client.completeMultipartUpload(key, uploadId, [
        { number: 1, etag: first.etag },
        { number: 2, etag: second.etag },
      ])
      assert.equal(Buffer.compare(await readAll((await store.get(key)).body), bytes), 0)
    })

    it('finds nothing of an upload that was aborted', async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const client = clientOf(emulator)
      const upload = store.createUploadStream('given up', { partSize: PART })
      upload.on('error', () => undefined)
      upload.on('part', () => upload.destroy(new Error('enough')))
      upload.write(someBytes(3 * PART))
      await assert.rejects(upload.done, /enough/)
      await assert.rejects(client.head('given up'), { status: 404 })
      assert.deepEqual((await client.listUploads({ 'max-uploads': 10 })).uploads, [])
    })
  })
}
