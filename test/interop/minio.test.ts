/** The emulator and what our stream wrote into it, seen by MinIO's client of S3. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'minio'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { providerStore } from '../support/provider-store.js'

const PART = 5 * 1024 * 1024
const BUCKET = 'test-bucket'
const KEYS = ['plain.txt', 'dir/with space.txt', 'a+b=c&d?e#f%25.txt', 'ünïcödé/文件/😀.bin', 'quotes\'"(1)!~*.txt']

/** Without a region it asks for the bucket's first. */
function clientOf({ endpoint, credentials }: Emulator, region?: string): Client {
  const { hostname, port } = new URL(endpoint)
  return new Client({
    endPoint: hostname,
    port: Number(port),
    useSSL: false,
    accessKey: credentials.accessKeyId,
    secretKey: credentials.accessKeySecret,
    partSize: PART,
    ...(region === undefined ? {} : { region }),
  })
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex')
}

/** Blocks of a part each, the next one when the part before it has been answered: what waits would be joined. */
function blockByBlock(emulator: Emulator, blocks: readonly Buffer[]): Readable {
  const before = answeredParts(emulator)
  return Readable.from(
    (async function* () {
      for (const [index, block] of blocks.entries()) {
        while (index > 0 && answeredParts(emulator) === before) await sleep(5)
        yield block
      }
    })(),
  )
}

function answeredParts({ requests }: Emulator): number {
  return requests.filter(({ operation, status }) => operation === 'UploadPart' && status !== undefined).length
}

function partNumbers({ requests }: Emulator): (string | undefined)[] {
  return requests.filter(({ operation }) => operation === 'UploadPart').map(({ query }) => query['partNumber'])
}

describe('minio', () => {
  it('puts, heads, gets, lists and deletes objects with any names', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(emulator, 'eu-test-1')
    await client.makeBucket(BUCKET)
    assert.ok(await client.bucketExists(BUCKET))
    for (const key of KEYS) {
      const body = Buffer.from(`the body of ${key}`)
      const put = await client.putObject(BUCKET, key, body, body.length, { 'x-amz-meta-owner': 'me' })
      assert.equal(put.etag, md5(body), key)
      assert.equal((await client.statObject(BUCKET, key)).metaData['owner'], 'me')
      assert.equal(Buffer.compare(await readAll(await client.getObject(BUCKET, key)), body), 0)
      const answer = await fetch(await client.presignedGetObject(BUCKET, key, 60))
      assert.equal(Buffer.compare(Buffer.from(await answer.arrayBuffer()), body), 0)
    }
    for (const list of [client.listObjectsV2(BUCKET, '', true), client.listObjects(BUCKET, '', true)]) {
      const names = (await list.toArray()).map(({ name }: { name: string }) => name)
      assert.deepEqual(names.sort(), [...KEYS].sort())
    }
    for (const key of KEYS) await client.removeObject(BUCKET, key)
    await assert.rejects(client.statObject(BUCKET, 'plain.txt'), { code: 'NotFound' })
  })

  it('requests the region first', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    await clientOf(emulator).putObject(BUCKET, 'k', Buffer.from('x'))
    assert.deepEqual(
      emulator.requests.map(({ operation, status }) => [operation, status]),
      [
        ['GetBucketLocation', 200],
        ['PutObject', 200],
      ],
    )
  })

  it('uploads in parts, numbered from 2, which our store reads and checks', async (t) => {
    const { emulator, store } = await providerStore(t, { provider: 's3' })
    const blocks = [someBytes(PART), someBytes(1)]
    const client = clientOf(emulator, emulator.region)
    const put = await client.putObject(BUCKET, 'k', blockByBlock(emulator, blocks))
    // It counts on before it sends, so that its ten thousandth part has a number that there is not.
    assert.deepEqual(partNumbers(emulator), ['2', '3'])
    const { body, etag } = await store.get('k')
    assert.equal(Buffer.compare(await readAll(body), Buffer.concat(blocks)), 0)
    assert.equal(etag, `"${put.etag}"`)
    assert.match(etag, /^"[0-9a-f]{32}-2"$/)
  })

  it('makes parts of any size of a stream whose chunks are larger than a part', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(emulator, emulator.region)
    await client.putObject(BUCKET, 'k', Readable.from([someBytes(2 * PART + 1)]))
    // Its cutter hands on blocks through a stream of bytes, which joins those that wait to be read.
    assert.deepEqual(partNumbers(emulator), ['2'])
  })

  it('resumes an upload that was left behind, and breaks it by its part numbers', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(emulator, emulator.region)
    const blocks = [someBytes(PART), someBytes(PART)]
    const match = { operation: 'CompleteMultipartUpload' as const }
    emulator.faults.inject({ match, action: { type: 'error', status: 403, code: 'AccessDenied' } })
    const put = () => client.putObject(BUCKET, 'k', blockByBlock(emulator, blocks))
    await assert.rejects(put(), { code: 'AccessDenied' })
    // What it sent as part 2 it looks for as part 1 and then, being the same bytes, as part 2: so that is named twice.
    await assert.rejects(put(), { code: 'InvalidPartOrder' })
  })

  it('cannot put an empty stream of unknown size', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const client = clientOf(emulator, emulator.region)
    // It completes an upload without any part, and leaves that behind.
    await assert.rejects(client.putObject(BUCKET, 'k', Readable.from([])), { code: 'MalformedXML' })
    const left = await client.listIncompleteUploads(BUCKET, '', true).toArray()
    assert.deepEqual(
      left.map(({ key }: { key: string }) => key),
      ['k'],
    )
    await client.removeIncompleteUpload(BUCKET, 'k')
    assert.deepEqual(await client.listIncompleteUploads(BUCKET, '', true).toArray(), [])
  })

  it('gets, heads and lists what our stream wrote', async (t) => {
    const { emulator, store } = await providerStore(t, { provider: 's3' })
    const client = clientOf(emulator, emulator.region)
    for (const [key, bytes] of [
      ['nothing', someBytes(0)],
      ['ü +', someBytes(1000)],
      ['parts', someBytes(2 * PART + 1)],
    ] as const) {
      const upload = store.createUploadStream(key, { partSize: PART, metadata: { owner: 'us' } })
      await pipeline(Readable.from([bytes]), upload)
      const { etag } = await upload.done
      assert.equal(Buffer.compare(await readAll(await client.getObject(BUCKET, key)), bytes), 0, key)
      const stat = await client.statObject(BUCKET, key)
      assert.equal(`"${stat.etag}"`, etag)
      assert.equal(stat.size, bytes.length)
      assert.equal(stat.metaData['owner'], 'us')
      const listed = (await client.listObjectsV2(BUCKET, '', true).toArray()) as { name: string; etag: string }[]
      assert.equal(listed.find(({ name }) => name === key)?.etag, stat.etag)
    }
  })
})
