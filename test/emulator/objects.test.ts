import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/index.js'
import { answerTo, codeOf, send, start, xmlOf } from '../support/signed-request.js'

describe('an object that is put', () => {
  it('comes back byte for byte, with its ETag, MD5 and CRC-64', async () => {
    await using emulator = await startEmulator()
    const put = await send(emulator, { method: 'PUT', key: 'digits', body: '123456789' })
    const md5 = createHash('md5').update('123456789').digest()
    assert.equal(put.status, 200)
    assert.equal(put.body.length, 0)
    for (const method of ['PUT', 'GET', 'HEAD']) {
      const answer = method === 'PUT' ? put : await send(emulator, { method, key: 'digits' })
      assert.equal(answer.headers['etag'], `"${md5.toString('hex').toUpperCase()}"`)
      assert.equal(answer.headers['x-oss-hash-crc64ecma'], '11051210869376104954')
      assert.equal(answer.headers['content-md5'], md5.toString('base64'))
      assert.match(String(answer.headers['x-oss-request-id']), /^[0-9A-F]{24}$/)
    }
    const head = await send(emulator, { method: 'HEAD', key: 'digits' })
    assert.equal(head.headers['content-length'], '9')
    assert.equal(head.headers['x-oss-object-type'], 'Normal')
    assert.equal((await send(emulator, { key: 'digits' })).body.toString(), '123456789')
  })

  it('may be empty', async () => {
    await using emulator = await startEmulator()
    const put = await send(emulator, { method: 'PUT', key: 'empty' })
    assert.equal(put.headers['x-oss-hash-crc64ecma'], '0')
    const get = await send(emulator, { key: 'empty' })
    assert.equal(get.status, 200)
    assert.equal(get.headers['content-length'], '0')
  })

  it('may come in chunks, without a length', async () => {
    await using emulator = await startEmulator()
    const outgoing = start(emulator, { method: 'PUT', key: 'chunked' })
    for (const chunk of ['first ', 'second']) outgoing.write(Buffer.from(chunk))
    outgoing.end()
    const answer = await answerTo(outgoing)
    answer.resume()
    assert.equal(answer.statusCode, 200)
    assert.equal((await send(emulator, { key: 'chunked' })).body.toString(), 'first second')
  })

  it('keeps its headers, metadata, tags, storage class, ACL and encryption', async () => {
    await using emulator = await startEmulator()
    const headers = {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'content-disposition': 'attachment; filename="a.txt"',
      'content-encoding': 'gzip',
      expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
      'x-oss-meta-author': 'Zoë, 李',
      'x-oss-storage-class': 'IA',
      'x-oss-server-side-encryption': 'KMS',
      'x-oss-server-side-encryption-key-id': '9468da86-3509-4f8d-a61e-6eab1eac',
    }
    const tagging = { 'x-oss-tagging': 'team=data%20base&x=', 'x-oss-object-acl': 'public-read' }
    const put = await send(emulator, { method: 'PUT', key: 'full', body: 'x', headers: { ...headers, ...tagging } })
    assert.equal(put.headers['x-oss-server-side-encryption'], 'KMS')
    const head = await send(emulator, { method: 'HEAD', key: 'full' })
    for (const [name, value] of Object.entries(headers)) {
      assert.equal(Buffer.from(String(head.headers[name]), 'latin1').toString(), value, name)
    }
    assert.equal(head.headers['x-oss-tagging-count'], '2')
    const tags = xmlOf(await send(emulator, { key: 'full', query: [['tagging', '']] }))
      .child('TagSet')!
      .children('Tag')
    assert.deepEqual(
      tags.map((tag) => [tag.text('Key'), tag.text('Value')]),
      [
        ['team', 'data base'],
        ['x', ''],
      ],
    )
    const acl = xmlOf(await send(emulator, { key: 'full', query: [['acl', '']] }))
    assert.equal(acl.child('AccessControlList')?.text('Grant'), 'public-read')
  })

  it('is replaced by the next one, unless that forbids it', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: 'one' })
    await send(emulator, { method: 'PUT', key: 'k', body: 'two' })
    const headers = { 'x-oss-forbid-overwrite': 'true' }
    const refused = await send(emulator, { method: 'PUT', key: 'k', body: 'three', headers })
    assert.equal(refused.status, 409)
    assert.equal(codeOf(refused), 'FileAlreadyExists')
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), 'two')
    assert.equal((await send(emulator, { method: 'PUT', key: 'new', body: 'x', headers })).status, 200)
  })

  it('no longer exists after it is deleted, and deleting it again is not an error', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: 'x' })
    for (const attempt of [1, 2]) {
      assert.equal((await send(emulator, { method: 'DELETE', key: 'k' })).status, 204, `attempt ${attempt}`)
    }
    const get = await send(emulator, { key: 'k' })
    assert.equal(get.status, 404)
    assert.equal(codeOf(get), 'NoSuchKey')
  })
})

describe('reading an object', () => {
  const ranges: [range: string, status: number, body: string, contentRange?: string][] = [
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-12', 200, '0123456789'],
    ['bytes=5-2', 200, '0123456789'],
    ['lines=1-2', 200, '0123456789'],
  ]
  for (const [range, status, body, contentRange] of ranges) {
    it(`returns ${status} for the range ${range}`, async () => {
      await using emulator = await startEmulator()
      await send(emulator, { method: 'PUT', key: 'k', body: '0123456789' })
      const get = await send(emulator, { key: 'k', headers: { range } })
      assert.equal(get.status, status)
      assert.equal(get.body.toString(), body)
      assert.equal(get.headers['content-range'], contentRange)
    })
  }

  it('refuses a range beyond the end if standard behavior is requested', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: '0123456789' })
    const headers = { range: 'bytes=10-12', 'x-oss-range-behavior': 'standard' }
    const get = await send(emulator, { key: 'k', headers })
    assert.equal(get.status, 416)
    assert.equal(codeOf(get), 'InvalidRange')
  })

  it('depends on the conditions of the request', async () => {
    await using emulator = await startEmulator()
    const put = await send(emulator, { method: 'PUT', key: 'k', body: 'x' })
    const etag = put.headers['etag']!
    const future = new Date(Date.now() + 60_000).toUTCString()
    const statusFor = async (headers: Record<string, string>) => (await send(emulator, { key: 'k', headers })).status
    assert.equal(await statusFor({ 'if-none-match': etag }), 304)
    assert.equal(await statusFor({ 'if-none-match': '"other"' }), 200)
    assert.equal(await statusFor({ 'if-match': etag.toLowerCase() }), 200)
    assert.equal(await statusFor({ 'if-match': '"other"' }), 412)
    assert.equal(await statusFor({ 'if-modified-since': future }), 304)
    assert.equal(await statusFor({ 'if-unmodified-since': 'Thu, 01 Jan 2015 00:00:00 GMT' }), 412)
  })

  it('lets the query replace headers of the response', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: 'x' })
    const get = await send(emulator, { key: 'k', query: [['response-content-type', 'text/css']] })
    assert.equal(get.headers['content-type'], 'text/css')
  })

  it('continues with the version it started with when the object is replaced', async () => {
    await using emulator = await startEmulator()
    const old = Buffer.alloc(8 * 1024 * 1024, 'o')
    await send(emulator, { method: 'PUT', key: 'k', body: old })
    const reading = await answerTo(start(emulator, { key: 'k' }).end())
    await send(emulator, { method: 'PUT', key: 'k', body: 'new' })
    const hash = createHash('md5')
    for await (const chunk of reading) hash.update(chunk as Buffer)
    assert.equal(hash.digest('hex'), createHash('md5').update(old).digest('hex'))
    assert.equal((await send(emulator, { key: 'k' })).body.toString(), 'new')
  })
})

describe('a traffic limit', () => {
  it('lets all bytes through, in and out, by header or by parameter', async () => {
    await using emulator = await startEmulator()
    const headers = { 'x-oss-traffic-limit': '245760' }
    assert.equal((await send(emulator, { method: 'PUT', key: 'k', body: 'x'.repeat(2000), headers })).status, 200)
    const query = [['x-oss-traffic-limit', '245760'] as const]
    assert.equal((await send(emulator, { key: 'k', query })).body.length, 2000)
    assert.equal(codeOf(await send(emulator, { key: 'k', query, headers })), 'InvalidArgument')
  })
})

describe('a HEAD that fails', () => {
  it('says why in a header, there being no body', async () => {
    await using emulator = await startEmulator({ limits: { maxSkewMs: 1000 } })
    const missing = await send(emulator, { method: 'HEAD', key: 'nothing' })
    assert.equal(missing.status, 404)
    const error = Buffer.from(String(missing.headers['x-oss-err']), 'base64')
    assert.equal(codeOf({ ...missing, body: error }), 'NoSuchKey')
    const late = await send(emulator, { method: 'HEAD', key: 'nothing', date: new Date(Date.now() - 60_000) })
    assert.equal(late.headers['x-oss-ec'], '0002-00000504')
  })
})

describe('a put that OSS would refuse', () => {
  const cases: [what: string, headers: Record<string, string>, status: number, code: string, ec?: string][] = [
    ['a digest that is not base64 of 16 bytes', { 'content-md5': 'abc' }, 400, 'InvalidDigest', '0017-00000502'],
    ['the digest of other bytes', { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' }, 400, 'InvalidDigest', '0017-00000503'],
    ['an unknown storage class', { 'x-oss-storage-class': 'Cold' }, 400, 'InvalidArgument'],
    ['an unknown ACL', { 'x-oss-object-acl': 'public' }, 400, 'InvalidArgument'],
    ['an unknown encryption', { 'x-oss-server-side-encryption': 'DES' }, 400, 'InvalidEncryptionAlgorithmError'],
    ['a key id without KMS', { 'x-oss-server-side-encryption-key-id': 'k' }, 400, 'InvalidArgument'],
    ['eleven tags', { 'x-oss-tagging': 'abcdefghijk'.split('').join('=1&') + '=1' }, 400, 'InvalidArgument'],
    ['a tag twice', { 'x-oss-tagging': 'a=1&a=2' }, 400, 'InvalidArgument'],
    ['a tag with too long a value', { 'x-oss-tagging': `a=${'v'.repeat(257)}` }, 400, 'InvalidArgument'],
    ['an underscore in a metadata name', { 'x-oss-meta-a_b': 'x' }, 400, 'InvalidArgument', '0011-00000002'],
    ['more than 8 KB of metadata', { 'x-oss-meta-a': 'x'.repeat(8192) }, 400, 'InvalidArgument', '0011-00000002'],
    ['a traffic limit below the minimum', { 'x-oss-traffic-limit': '1000' }, 400, 'InvalidArgument'],
    ['an object above the maximum', { 'content-length': '5368709121' }, 400, 'EntityTooLarge'],
  ]
  for (const [what, headers, status, code, ec] of cases) {
    it(`because of ${what}, stores nothing`, async () => {
      await using emulator = await startEmulator()
      const put = await send(emulator, { method: 'PUT', key: 'k', body: 'body', headers })
      assert.equal(put.status, status)
      assert.equal(codeOf(put), code)
      assert.equal(put.headers['x-oss-ec'], ec)
      assert.equal(xmlOf(put).text('EC'), ec)
      assert.equal((await send(emulator, { method: 'HEAD', key: 'k' })).status, 404)
    })
  }

  it('because it has no length, stores nothing', async () => {
    await using emulator = await startEmulator()
    const outgoing = start(emulator, { method: 'PUT', key: 'k' })
    outgoing.removeHeader('transfer-encoding')
    outgoing.useChunkedEncodingByDefault = false
    const answer = await answerTo(outgoing.end())
    answer.resume()
    assert.equal(answer.statusCode, 411)
  })

  it('because its chunks exceed the maximum, stores nothing', async () => {
    await using emulator = await startEmulator({ limits: { maxPutSize: 10 } })
    const outgoing = start(emulator, { method: 'PUT', key: 'k' })
    outgoing.end(Buffer.alloc(11))
    const answer = await answerTo(outgoing)
    answer.resume()
    assert.equal(answer.statusCode, 400)
    assert.equal((await send(emulator, { method: 'HEAD', key: 'k' })).status, 404)
  })

  it('because its body stops in the middle, stores nothing', async () => {
    await using emulator = await startEmulator({ limits: { bodyIdleMs: 30 } })
    const outgoing = start(emulator, { method: 'PUT', key: 'k', headers: { 'content-length': '10' } })
    outgoing.write(Buffer.from('short'))
    const answer = await answerTo(outgoing)
    const body: Buffer[] = []
    for await (const chunk of answer) body.push(chunk as Buffer)
    outgoing.destroy()
    assert.equal(answer.statusCode, 400)
    assert.match(Buffer.concat(body).toString(), /<Code>RequestTimeout</)
    assert.equal((await send(emulator, { method: 'HEAD', key: 'k' })).status, 404)
  })
})

describe('what the emulator does not have', () => {
  it('is said to be missing', async () => {
    await using emulator = await startEmulator()
    const append = await send(emulator, {
      method: 'POST',
      key: 'k',
      query: [
        ['append', ''],
        ['position', '0'],
      ],
    })
    assert.equal(append.status, 501)
    assert.equal(codeOf(append), 'NotImplemented')
    const copy = await send(emulator, {
      method: 'PUT',
      key: 'k',
      query: [
        ['partNumber', '1'],
        ['uploadId', 'U'],
      ],
      headers: { 'x-oss-copy-source': '/bucket/other' },
    })
    assert.equal(copy.status, 501)
    assert.equal((await send(emulator, { method: 'PATCH', key: 'k' })).status, 405)
  })
})

describe('buckets', () => {
  it('come into being when they are first used', async () => {
    await using emulator = await startEmulator()
    assert.equal((await send(emulator, { method: 'PUT', bucket: 'brand-new', key: 'k', body: 'x' })).status, 200)
    assert.equal((await send(emulator, { bucket: 'never-used' })).status, 200)
  })

  it('do not exist unless the emulator was started with them', async () => {
    await using emulator = await startEmulator({ buckets: ['known'] })
    const put = await send(emulator, { method: 'PUT', bucket: 'other', key: 'k', body: 'x' })
    assert.equal(put.status, 404)
    assert.equal(codeOf(put), 'NoSuchBucket')
    await send(emulator, { method: 'PUT', bucket: 'other' })
    assert.equal((await send(emulator, { method: 'PUT', bucket: 'other', key: 'k', body: 'x' })).status, 200)
  })

  it('have names that OSS allows', async () => {
    await using emulator = await startEmulator()
    for (const bucket of ['Upper', 'ab', '-dash', 'dot.ted']) {
      const answer = await send(emulator, { method: 'PUT', bucket, key: 'k' })
      assert.equal(codeOf(answer), 'InvalidBucketName', bucket)
    }
  })
})
