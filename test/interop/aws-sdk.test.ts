/** The emulator and what our stream wrote into it, seen by Amazon's own client of S3. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type ChecksumAlgorithm,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { providerStore } from '../support/provider-store.js'

const MIB = 1024 * 1024
const PART = 5 * MIB
const Bucket = 'test-bucket'
const KEYS = ['plain.txt', 'dir/with space.txt', 'a+b=c&d?e#f%25.txt', 'ünïcödé/文件/😀.bin', 'quotes\'"(1)!~*.txt']

function clientOf(t: TestContext, { endpoint, region, credentials }: Emulator): S3Client {
  const { accessKeyId, accessKeySecret: secretAccessKey } = credentials
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  })
  t.after(() => client.destroy())
  return client
}

function md5(bytes: Uint8Array | string): string {
  return createHash('md5').update(bytes).digest('hex')
}

async function bytesOf(client: S3Client, Key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
  return Buffer.from(await Body!.transformToByteArray())
}

describe('@aws-sdk/client-s3', () => {
  it('makes and finds a bucket', async (t) => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(t, emulator)
    await client.send(new CreateBucketCommand({ Bucket }))
    assert.equal((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion, 'eu-test-1')
    assert.equal((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, 'eu-test-1')
  })

  it('puts, heads, gets, lists and deletes objects with any names', async (t) => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(t, emulator)
    for (const Key of KEYS) {
      const Body = `the body of ${Key}`
      const put = await client.send(new PutObjectCommand({ Bucket, Key, Body, Metadata: { owner: 'me' } }))
      assert.equal(put.ETag, `"${md5(Body)}"`, Key)
      const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
      assert.deepEqual(head.Metadata, { owner: 'me' })
      assert.equal(head.ChecksumCRC32, put.ChecksumCRC32)
      assert.equal((await bytesOf(client, Key)).toString(), Body)
    }
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }))
    assert.deepEqual(Contents!.map(({ Key }) => Key).sort(), [...KEYS].sort())
    for (const Key of KEYS) await client.send(new DeleteObjectCommand({ Bucket, Key }))
    await assert.rejects(bytesOf(client, 'plain.txt'), { name: 'NoSuchKey' })
  })

  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] satisfies ChecksumAlgorithm[]) {
    it(`agrees about ${algorithm}, in a header and behind the body`, async (t) => {
      await using emulator = await startEmulator({ region: 'eu-test-1' })
      const client = clientOf(t, emulator)
      const bytes = someBytes(200_000)
      const name = `Checksum${algorithm}` as const
      const common = { Bucket, Key: 'k', ChecksumAlgorithm: algorithm }
      const put = await client.send(new PutObjectCommand({ ...common, Body: bytes }))
      const stream = Readable.from([bytes.subarray(0, 1000), bytes.subarray(1000)])
      const streamed = await client.send(new PutObjectCommand({ ...common, Body: stream, ContentLength: bytes.length }))
      assert.ok(put[name])
      assert.equal(streamed[name], put[name])
      assert.equal(emulator.requests.at(-1)?.headers['x-amz-content-sha256'], 'STREAMING-UNSIGNED-PAYLOAD-TRAILER')
      // The client compares the checksum itself while it reads.
      assert.equal(Buffer.compare(await bytesOf(client, 'k'), bytes), 0)
    })
  }

  it('detects bytes that were changed in transit', async (t) => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(t, emulator)
    const put = new PutObjectCommand({ Bucket, Key: 'k', Body: 'abc', ContentMD5: 'I5pU0r4+sgO9Emgl1KMQUg==' })
    await assert.rejects(client.send(put), { name: 'BadDigest' })
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'abc' }))
    emulator.faults.inject({ action: { type: 'wrong-checksum' } })
    await assert.rejects(bytesOf(client, 'k'), /Checksum mismatch/)
  })

  it('is kept from overwriting', async (t) => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(t, emulator)
    const put = () => client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'abc', IfNoneMatch: '*' }))
    await put()
    await assert.rejects(put(), { name: 'PreconditionFailed' })
  })

  it('gets, heads and lists what our stream wrote, and sees the same checksums', async (t) => {
    for (const [checksum, name] of [
      ['crc32', 'ChecksumCRC32'],
      ['crc64nvme', 'ChecksumCRC64NVME'],
      ['md5', 'ChecksumCRC64NVME'],
    ] as const) {
      const { emulator, store } = await providerStore(t, { provider: 's3', checksum })
      const client = clientOf(t, emulator)
      for (const [Key, bytes] of [
        ['nothing', someBytes(0)],
        ['ü +', someBytes(1000)],
        ['parts', someBytes(2 * PART + 1)],
      ] as const) {
        const upload = store.createUploadStream(Key, { partSize: PART, metadata: { owner: 'us' } })
        await pipeline(Readable.from([bytes]), upload)
        const { etag, checksum: returned } = await upload.done
        assert.equal(Buffer.compare(await bytesOf(client, Key), bytes), 0, Key)
        const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
        assert.equal(head.ETag, etag)
        assert.deepEqual(head.Metadata, { owner: 'us' })
        assert.equal(head.ChecksumType, 'FULL_OBJECT')
        if (checksum !== 'md5') assert.equal(head[name], returned?.value)
        const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }))
        assert.equal(Contents!.find((object) => object.Key === Key)?.ETag, etag)
      }
    }
  })

  it('sees and ends uploads of our store', async (t) => {
    const { emulator, store } = await providerStore(t, { provider: 's3' })
    const client = clientOf(t, emulator)
    const [Key, ours, theirs] = ['shared ü+1', someBytes(PART), someBytes(1000, 2)]
    const UploadId = await store.initiateMultipartUpload(Key)
    const first = await store.uploadPart({ key: Key, uploadId: UploadId }, 1, ours)
    const target = { Bucket, Key, UploadId }
    const second = await client.send(new UploadPartCommand({ ...target, PartNumber: 2, Body: theirs }))
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket }))
    assert.deepEqual(
      Uploads!.map((upload) => [upload.Key, upload.UploadId]),
      [[Key, UploadId]],
    )
    const { Parts } = await client.send(new ListPartsCommand(target))
    assert.deepEqual(
      Parts!.map(({ ETag }) => ETag),
      [first.etag, second.ETag],
    )
    await client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts: Parts! } }))
    const { body } = await store.get(Key)
    assert.equal(Buffer.compare(await readAll(body), Buffer.concat([ours, theirs])), 0)

    const given = await store.initiateMultipartUpload('given up')
    await client.send(new AbortMultipartUploadCommand({ Bucket, Key: 'given up', UploadId: given }))
    assert.equal((await client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads, undefined)
  })
})

describe('@aws-sdk/lib-storage', () => {
  const uploads = [
    ['its usual checksum, of parts', {}, 'COMPOSITE'],
    ['CRC64NVME', { ChecksumAlgorithm: 'CRC64NVME' }, 'FULL_OBJECT'],
    ['CRC32 of the full object', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' }, 'FULL_OBJECT'],
  ] as const
  for (const [what, parameters, type] of uploads) {
    it(`uploads in parts with ${what}, which our store reads and checks`, async (t) => {
      const { emulator, store } = await providerStore(t, { provider: 's3', checksum: 'crc32' })
      const client = clientOf(t, emulator)
      const bytes = someBytes(2 * PART + 1)
      const Body = Readable.from([bytes.subarray(0, MIB), bytes.subarray(MIB)])
      const done = await new Upload({ client, params: { Bucket, Key: 'k', Body, ...parameters } }).done()
      assert.equal(done.ChecksumType, type)
      const { body, etag } = await store.get('k')
      assert.equal(Buffer.compare(await readAll(body), bytes), 0)
      assert.equal(etag, done.ETag)
      assert.match(etag, /^"[0-9a-f]{32}-3"$/)
    })
  }

  it('accepts a Complete with white space before its document, and one that is an error with status 200', async (t) => {
    await using emulator = await startEmulator({ region: 'eu-test-1', limits: { minPartSize: 1 } })
    const client = clientOf(t, emulator)
    const upload = () =>
      new Upload({ client, params: { Bucket, Key: 'k', Body: Readable.from([someBytes(PART + 1)]) } }).done()
    const match = { operation: 'CompleteMultipartUpload' as const }
    emulator.faults.inject({ match, action: { type: 'padded' } })
    assert.match((await upload()).ETag!, /-2"$/)
    emulator.faults.inject({ match, action: { type: 'error', status: 200, code: 'InternalError' } })
    await assert.rejects(upload(), { name: 'InternalError' })
  })
})
