/** The emulator, seen by a client that was not written here: ali-oss works against it unchanged. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import http from 'node:http'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import OSS from 'ali-oss'
import { crc64Engine } from '../../src/checksum/engine.js'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { startApplicationServer } from '../support/application-server.js'
import { answerTo } from '../support/signed-request.js'

const KEYS = [
  'plain.txt',
  'dir/with space.txt',
  'a+b=c&d?e#f%25.txt',
  'ünïcödé/文件/😀.bin',
  'quotes\'"(1)!~*.txt',
  'tab\tand\u0001control',
]

function crc64Of(bytes: Uint8Array): string {
  const crc64 = crc64Engine().create()
  crc64.update(bytes)
  return String(crc64.digest())
}

for (const version of ['V1', 'V4']) {
  const clientOf = (emulator: Emulator, options: Partial<OSS.Options> = {}) =>
    new OSS({
      ...emulator.credentials,
      endpoint: emulator.endpoint,
      region: `oss-${emulator.region}`,
      bucket: 'ali-bucket',
      authorizationV4: version === 'V4',
      ...options,
    })

  describe(`ali-oss with signature ${version}`, () => {
    it('puts, heads, gets and deletes objects with any names', async () => {
      await using emulator = await startEmulator()
      const client = clientOf(emulator)
      for (const key of KEYS) {
        const body = Buffer.from(`the body of ${key}`)
        const put = await client.put(key, body, { meta: { owner: 'me' }, mime: 'text/plain' })
        assert.equal(put.res.headers['x-oss-hash-crc64ecma'], crc64Of(body), key)
        const head = await client.head(key)
        assert.deepEqual(head.meta, { owner: 'me' })
        assert.equal(head.res.headers['etag'], `"${createHash('md5').update(body).digest('hex').toUpperCase()}"`)
        assert.equal(head.res.headers['content-type'], 'text/plain')
        assert.ok((await client.get(key)).content.equals(body))
        await client.delete(key)
        await assert.rejects(client.head(key), { status: 404, code: 'NoSuchKey' })
      }
    })

    it('streams an object of unknown size in and out', async () => {
      await using emulator = await startEmulator()
      const client = clientOf(emulator)
      const body = randomBytes(3 * 1024 * 1024)
      const put = await client.putStream('streamed', Readable.from([body.subarray(0, 1000), body.subarray(1000)]))
      assert.equal(put.res.headers['x-oss-hash-crc64ecma'], crc64Of(body))
      const { stream } = await client.getStream('streamed')
      const chunks: Buffer[] = []
      for await (const chunk of stream) chunks.push(chunk as Buffer)
      assert.ok(Buffer.concat(chunks).equals(body))
      const range = await client.get('streamed', { headers: { Range: 'bytes=10-19' } })
      assert.ok(range.content.equals(body.subarray(10, 20)))
    })

    it('streams an object of known size, and changes its ACL', async () => {
      await using emulator = await startEmulator()
      const client = clientOf(emulator)
      const body = randomBytes(300_000)
      const source = (): Readable => Readable.from([body.subarray(0, 1000), body.subarray(1000)])
      for (const put of [
        await client.putStream('streamed', source(), { contentLength: body.length }),
        await client.put('put', source(), { contentLength: body.length, mime: 'text/plain' }),
      ]) {
        assert.equal(put.res.headers['x-oss-hash-crc64ecma'], crc64Of(body))
        assert.ok((await client.get(put.name)).content.equals(body))
      }
      assert.deepEqual(
        emulator.requests.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['content-length']),
        ['300000', '300000'],
      )
      await client.putACL('put', 'public-read')
      assert.equal((await client.getACL('put')).acl, 'public-read')
    })

    it('uploads a body in many parts at once, and sees the CRC-64 of the whole', async () => {
      await using emulator = await startEmulator()
      const client = clientOf(emulator)
      const body = randomBytes(25 * 100 * 1024 + 77)
      const fractions: number[] = []
      const name = 'multi/part + ü.bin'
      const done = await client.multipartUpload(name, body, {
        partSize: 100 * 1024,
        parallel: 5,
        headers: { 'x-oss-storage-class': 'IA', 'x-oss-tagging': 'a=1' },
        progress: (fraction) => void fractions.push(fraction),
      })
      assert.equal(done.res.headers['x-oss-hash-crc64ecma'], crc64Of(body))
      assert.match(done.etag, /-26"$/)
      assert.equal(fractions.at(-1), 1)
      assert.ok((await client.get(name)).content.equals(body))
      const head = await client.head(name)
      assert.equal(head.res.headers['x-oss-object-type'], 'Multipart')
      assert.equal(head.res.headers['x-oss-storage-class'], 'IA')
      assert.deepEqual((await client.getObjectTagging(name)).tag, { a: '1' })
      assert.equal((await client.listUploads({ 'max-uploads': 10 })).uploads.length, 0)
    })

    it('lists parts and uploads page by page, and aborts', async () => {
      await using emulator = await startEmulator()
      const client = clientOf(emulator)
      const name = 'ünfinished +1'
      const { uploadId } = await client.initMultipartUpload(name)
      const part = randomBytes(100 * 1024)
      for (const number of [1, 2, 3]) await client.uploadPart(name, uploadId, number, part, 0, part.length)
      const first = await client.listParts(name, uploadId, { 'max-parts': 2 })
      assert.deepEqual(
        first.parts.map(({ PartNumber, HashCrc64ecma }) => [PartNumber, HashCrc64ecma]),
        [
          ['1', crc64Of(part)],
          ['2', crc64Of(part)],
        ],
      )
      assert.equal(first.isTruncated, 'true')
      const others = await Promise.all(['a', 'b'].map((key) => client.initMultipartUpload(key)))
      const page = await client.listUploads({ 'max-uploads': 2 })
      assert.deepEqual(
        page.uploads.map((upload) => upload.uploadId),
        others.map((upload) => upload.uploadId),
      )
      const next = await client.listUploads({
        'max-uploads': 2,
        'key-marker': page.nextKeyMarker,
        'upload-id-marker': page.nextUploadIdMarker,
      })
      assert.deepEqual(
        next.uploads.map((upload) => [upload.name, upload.uploadId]),
        [[name, uploadId]],
      )
      await client.abortMultipartUpload(name, uploadId)
      await assert.rejects(client.listParts(name, uploadId), { code: 'NoSuchUpload' })
    })

    it('lists objects, in both versions', async () => {
      await using emulator = await startEmulator()
      const client = clientOf(emulator)
      for (const key of ['a', 'dir/1', 'dir/2', 'z']) await client.put(key, Buffer.from(key))
      const list = await client.list({ delimiter: '/', 'max-keys': 10 })
      assert.deepEqual(
        list.objects.map(({ name, size }) => [name, size]),
        [
          ['a', 1],
          ['z', 1],
        ],
      )
      assert.deepEqual(list.prefixes, ['dir/'])
      const first = await client.listV2({ 'max-keys': 3 })
      assert.equal(first.keyCount, 3)
      const second = await client.listV2({ 'continuation-token': first.nextContinuationToken!, 'max-keys': 3 })
      assert.deepEqual(
        second.objects.map(({ name }) => name),
        ['z'],
      )
    })

    it('works with temporary credentials, and gets an error if they are wrong', async () => {
      const credentials = { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' }
      await using emulator = await startEmulator({ credentials })
      const renewed = () => Promise.resolve({ ...credentials, stsToken: credentials.securityToken })
      const sts = { stsToken: 'token', refreshSTSToken: renewed }
      await clientOf(emulator, sts).put('k', Buffer.from('x'))
      const wrong = clientOf(emulator, { ...sts, stsToken: 'other' })
      await assert.rejects(wrong.put('k', Buffer.from('x')), { status: 403, code: 'InvalidSecurityToken' })
      const guess = clientOf(emulator, { ...sts, accessKeySecret: 'guess' })
      await assert.rejects(guess.head('k'), { status: 403, code: 'SignatureDoesNotMatch' })
    })

    it('has an application server called back', async () => {
      await using emulator = await startEmulator()
      await using server = await startApplicationServer()
      const client = clientOf(emulator)
      const callback = {
        url: server.url,
        body: 'key=${object}&size=${size}&custom=${x:custom}',
        customValue: { custom: 'va lue' },
      }
      const put = await client.put('called', Buffer.from('back'), { callback })
      assert.deepEqual(put.data, { received: 'key=called&size=4&custom=va%20lue' })
    })

    it('reaches a bucket by the path of a URL or by its host', async () => {
      await using emulator = await startEmulator()
      const { port } = new URL(emulator.endpoint)
      await clientOf(emulator, { endpoint: `http://localhost:${port}`, sldEnable: true }).put('k', Buffer.from('x'))
      assert.equal((await clientOf(emulator).get('k')).content.toString(), 'x')
      assert.deepEqual(
        emulator.requests.map(({ bucket }) => bucket),
        ['ali-bucket', 'ali-bucket'],
      )
    })

    it('signs URLs that the store accepts', async () => {
      await using emulator = await startEmulator()
      await clientOf(emulator).put('a b+ü', Buffer.from('signed'))
      const { port } = new URL(emulator.endpoint)
      const client = clientOf(emulator, { endpoint: `http://localhost:${port}` })
      const url = new URL(
        version === 'V4'
          ? await client.signatureUrlV4('GET', 60, undefined, 'a b+ü')
          : await client.asyncSignatureUrl('a b+ü'),
      )
      assert.equal(url.hostname, 'ali-bucket.localhost')
      const path = `${url.pathname}${url.search}`
      const answer = await answerTo(
        http.request({ host: '127.0.0.1', port, path, headers: { host: url.host }, agent: false }).end(),
      )
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk as Buffer)
      assert.equal(Buffer.concat(chunks).toString(), 'signed')
    })
  })
}
