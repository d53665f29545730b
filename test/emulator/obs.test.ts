/** What is particular to OBS: its signatures, its codes, its headers. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { crc64Engine } from '../../src/checksum/engine.js'
import { startEmulator } from '../../src/emulator/index.js'
import { obsSignature, obsStringToSign, presignObs } from '../../src/signing/obs.js'
import { someBytes } from '../support/bytes.js'
import { etagOf, md5, startUpload } from '../support/s3-request.js'
import { codeOf, send, xmlOf, type RawRequest } from '../support/signed-request.js'

const MINUTE = 60_000
const SMALL = { region: 'cn-north-4', limits: { minPartSize: 10 } }

function crc64(content: string): string {
  const running = crc64Engine().create()
  running.update(Buffer.from(content))
  return String(running.digest())
}

for (const signature of ['obs', 'aws'] as const) {
  const prefix = signature === 'obs' ? 'x-obs-' : 'x-amz-'
  const obs = (request: RawRequest): RawRequest => ({ key: 'k', signature, ...request })

  describe(`a request to OBS signed with ${signature}`, () => {
    it('is taken when the signature is right, and refused when it is not', async () => {
      await using emulator = await startEmulator(SMALL)
      const { credentials } = emulator
      const put = await send(
        emulator,
        obs({ method: 'PUT', key: "ü +/(1)!~*'.txt", body: 'x', headers: { [`${prefix}meta-a`]: 'b' } }),
      )
      assert.equal(put.status, 200)
      assert.equal(emulator.requests[0]?.dialect, 'obs')
      const attempts: [Partial<RawRequest>, string][] = [
        [{ credentials: { ...credentials, accessKeySecret: 'guess' } }, 'SignatureDoesNotMatch'],
        [{ credentials: { ...credentials, accessKeyId: 'nobody' } }, 'InvalidAccessKeyId'],
        [{ credentials: { ...credentials, securityToken: 'x' } }, 'InvalidToken'],
        [{ date: new Date(Date.now() - 16 * MINUTE) }, 'RequestTimeTooSkewed'],
      ]
      for (const [attempt, code] of attempts) assert.equal(codeOf(await send(emulator, obs(attempt))), code)
    })

    it('may be a URL, until it expires', async () => {
      await using emulator = await startEmulator(SMALL)
      await send(emulator, obs({ method: 'PUT', body: 'x' }))
      const get = (expiresAt: Date) => {
        const request = { method: 'GET', bucket: 'bucket', key: 'k', query: [], headers: {} }
        const query = [...presignObs(request, emulator.credentials, { mode: signature, expiresAt })]
        return send(emulator, { key: 'k', query, signature: 'none' })
      }
      assert.equal((await get(new Date(Date.now() + MINUTE))).body.toString(), 'x')
      assert.equal(codeOf(await get(new Date(Date.now() - MINUTE))), 'AccessDenied')
    })

    it('leads to an object with the headers of OBS', async () => {
      await using emulator = await startEmulator(SMALL)
      const upload = await startUpload(emulator, signature, {
        [`${prefix}meta-owner`]: 'me',
        [`${prefix}storage-class`]: signature === 'obs' ? 'WARM' : 'STANDARD_IA',
        'x-obs-expires': '3',
      })
      assert.match(upload.uploadId, /^[0-9A-F]{32}$/)
      const part = await upload.part(1, 'abc')
      assert.equal(part.headers.etag, `"${md5('abc')}"`)
      assert.equal(part.headers[`${prefix}checksum-crc64ecma`], crc64('abc'))
      const done = await upload.complete({ 1: etagOf(part) })
      assert.match(xmlOf(done).text('ETag')!, /^"[0-9a-f]{32}-1"$/)
      const { headers } = await send(emulator, obs({ method: 'HEAD' }))
      assert.equal(headers[`${prefix}uploadid`], upload.uploadId)
      assert.equal(headers[`${prefix}meta-owner`], 'me')
      assert.equal(headers[`${prefix}storage-class`], signature === 'obs' ? 'WARM' : 'STANDARD_IA')
      assert.equal(headers[`${prefix}checksum-crc64ecma`], crc64('abc'))
      assert.match(headers[`${prefix}expiration`] as string, /^expiry-date="/)
      assert.ok(headers[`${prefix}request-id`])
    })

    it('gets errors in a document, and those of HEAD in headers', async () => {
      await using emulator = await startEmulator(SMALL)
      const get = await send(emulator, obs({}))
      assert.equal(codeOf(get), 'NoSuchKey')
      assert.equal(xmlOf(get).text('RequestId'), get.headers[`${prefix}request-id`])
      const head = await send(emulator, obs({ method: 'HEAD' }))
      assert.equal(head.status, 404)
      assert.equal(head.headers[`${prefix}error-code`], 'NoSuchKey')
      assert.ok(head.headers[`${prefix}error-message`])
    })

    it('has its CRC-64 verified where it brings one', async () => {
      await using emulator = await startEmulator(SMALL)
      const name = `${prefix}checksum-crc64ecma`
      const put = (value: string) => send(emulator, obs({ method: 'PUT', body: 'abc', headers: { [name]: value } }))
      assert.equal(codeOf(await put('1')), 'BadDigest')
      assert.equal(codeOf(await put('0x1')), 'InvalidRequest')
      assert.equal((await put(crc64('abc'))).headers[name], crc64('abc'))
      const upload = await startUpload(emulator, signature)
      const first = await upload.part(1, '0123456789', { [name]: crc64('0123456789') })
      assert.equal(codeOf(await upload.part(2, 'abc', { [name]: '1' })), 'BadDigest')
      const parts = { 1: etagOf(first), 2: etagOf(await upload.part(2, 'abc')) }
      assert.equal(codeOf(await upload.complete(parts, { [name]: '1' })), 'BadDigest')
      const whole = crc64('0123456789abc')
      assert.equal((await upload.complete(parts, { [name]: whole })).headers[name], whole)
    })
  })
}

describe('OBS', () => {
  it('has no CRC-64 on older clusters', async () => {
    await using emulator = await startEmulator({ ...SMALL, obsChecksums: false })
    const headers = { 'x-obs-checksum-crc64ecma': '1' }
    const put = await send(emulator, { method: 'PUT', key: 'k', body: 'abc', headers, signature: 'obs' })
    assert.equal(put.status, 200)
    assert.equal(put.headers['x-obs-checksum-crc64ecma'], undefined)
  })

  it('has its own date, which leaves the line of the date empty', async () => {
    await using emulator = await startEmulator(SMALL)
    const headers = { 'x-obs-date': new Date().toUTCString() }
    const text = obsStringToSign({ method: 'GET', bucket: 'bucket', key: 'k', query: [], headers })
    assert.match(text, /^GET\n\n\n\nx-obs-date:/)
    const authorization = `OBS ${emulator.credentials.accessKeyId}:${obsSignature(text, emulator.credentials)}`
    const answer = await send(emulator, { key: 'k', headers: { ...headers, authorization }, signature: 'none' })
    assert.equal(codeOf(answer), 'NoSuchKey')
  })

  it('signs a custom domain in place of the bucket', async () => {
    await using emulator = await startEmulator({ ...SMALL, domains: { 'files.example.com': 'bucket' } })
    await send(emulator, { method: 'PUT', key: 'bucket/k', body: 'x', signature: 'obs' })
    const get = (domain: string | undefined) => {
      const headers = { host: 'files.example.com', date: new Date().toUTCString() }
      const text = obsStringToSign({ method: 'GET', bucket: 'bucket', key: 'bucket/k', query: [], headers }, { domain })
      const authorization = `OBS ${emulator.credentials.accessKeyId}:${obsSignature(text, emulator.credentials)}`
      return send(emulator, { key: 'k', headers: { ...headers, authorization }, signature: 'none' })
    }
    assert.equal((await get('files.example.com')).body.toString(), 'x')
    assert.equal(codeOf(await get(undefined)), 'SignatureDoesNotMatch')
  })

  it('has parts of 100 KiB at least, and other words than OSS for a wrong digest and a bad range', async () => {
    await using emulator = await startEmulator({ region: 'cn-north-4' })
    const upload = await startUpload(emulator, 'obs')
    const [small, last] = [await upload.part(1, someBytes(102_399)), await upload.part(2, 'x')]
    assert.equal(codeOf(await upload.complete({ 1: etagOf(small), 2: etagOf(last) })), 'EntityTooSmall')
    const large = await upload.part(1, someBytes(102_400))
    assert.equal((await upload.complete({ 1: etagOf(large), 2: etagOf(last) })).status, 200)
    const headers = { 'content-md5': createHash('md5').update('other').digest('base64') }
    const put = await send(emulator, { method: 'PUT', key: 'k', body: 'x', headers, signature: 'obs' })
    assert.equal(codeOf(put), 'BadDigest')
    const range = await send(emulator, { key: 'k', headers: { range: 'bytes=999999-' }, signature: 'obs' })
    assert.equal(range.status, 416)
  })

  it('returns the initiator of an upload, and encodes names on request', async () => {
    await using emulator = await startEmulator(SMALL)
    const query: [string, string][] = [
      ['uploads', ''],
      ['encoding-type', 'url'],
    ]
    const initiated = await send(emulator, { method: 'POST', key: 'a b', query, signature: 'obs' })
    assert.equal(xmlOf(initiated).text('Key'), 'a+b')
    const upload = xmlOf(await send(emulator, { query, signature: 'obs' })).child('Upload')
    assert.match(upload?.child('Initiator')?.text('ID') ?? '', /^domainID\//)
    assert.equal(upload?.text('StorageClass'), 'STANDARD')
  })

  it('reports its version', async () => {
    await using emulator = await startEmulator(SMALL)
    const answer = await send(emulator, { method: 'HEAD', query: [['apiversion', '']], signature: 'none' })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['x-obs-api'], '3.0')
  })
})

describe('one port', () => {
  it('responds to each request in the dialect of its signature, and to others in that of the first provider', async () => {
    await using emulator = await startEmulator(SMALL)
    for (const signature of ['v4', 'v1', 'obs', 'aws', 's3', 'none'] as const) {
      await send(emulator, { key: 'k', signature })
    }
    assert.deepEqual(
      emulator.requests.map(({ dialect }) => dialect),
      ['oss', 'oss', 'obs', 'obs', 's3', 'oss'],
    )
  })

  it('only speaks the given dialects', async () => {
    await using emulator = await startEmulator({ ...SMALL, providers: ['obs'] })
    for (const signature of ['v4', 's3', 'none'] as const) await send(emulator, { key: 'k', signature })
    assert.deepEqual(
      emulator.requests.map(({ dialect, status }) => [dialect, status]),
      [
        ['obs', 400],
        ['obs', 404],
        ['obs', 403],
      ],
    )
    await assert.rejects(startEmulator({ providers: [] }), /providers must name/)
  })

  it('treats a SigV4 request with a header of OBS as one to OBS', async () => {
    await using emulator = await startEmulator(SMALL)
    await send(emulator, { key: 'k', headers: { 'x-obs-expires': '1' }, signature: 's3' })
    assert.equal(emulator.requests[0]?.dialect, 'obs')
  })

  it('finds the bucket in the host names of all services', async () => {
    await using emulator = await startEmulator(SMALL)
    for (const [host, bucket] of [
      ['b.with.dots.s3.eu-west-1.amazonaws.com', 'b.with.dots'],
      ['bucket.obs.cn-north-4.myhuaweicloud.com', 'bucket'],
      ['s3.eu-west-1.amazonaws.com', 'path'],
      ['obs.cn-north-4.myhuaweicloud.com', 'path'],
    ]) {
      await send(emulator, { bucket: 'path', key: 'k', headers: { host: host! }, signature: 's3' })
      assert.equal(emulator.requests.at(-1)?.bucket, bucket)
    }
  })
})
