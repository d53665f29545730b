/** SigV4: who signed, what is signed, and bodies that are signed or wrapped. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { presignSigV4, sigV4CanonicalRequest, sigV4Signature } from '../../src/signing/sigv4.js'
import { sha256, signedChunks } from '../support/s3-request.js'
import { codeOf, send, xmlOf, type RawRequest } from '../support/signed-request.js'

const MINUTE = 60_000
const s3 = (request: RawRequest): RawRequest => ({ key: 'k', signature: 's3', ...request })

/** The example of Amazon's documentation, "Transferring payload in multiple chunks". */
const EXAMPLE = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', accessKeySecret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  dateTime: '20130524T000000Z',
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  signatures: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
}

describe('a request signed with SigV4', () => {
  it('is accepted if the signature is right, for any key and query', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const headers = { 'x-amz-meta-many': 'a  b   c', 'content-type': 'text/plain' }
    const put = await send(emulator, s3({ method: 'PUT', key: "ü +/(1)!~*'.txt", body: 'x', headers }))
    assert.equal(put.status, 200)
    const query: [string, string][] = [
      ['uploads', ''],
      ['prefix', 'a/b c+&='],
    ]
    assert.equal((await send(emulator, { query, signature: 's3' })).status, 200)
  })

  it('is accepted with any signed headers, such as Expect when Go retries', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const { accessKeyId, accessKeySecret } = emulator.credentials
    const dateTime = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
    const scope = `${dateTime.slice(0, 8)}/eu-test-1/s3/aws4_request`
    const headers = {
      expect: '100-continue',
      host: new URL(emulator.endpoint).host,
      'user-agent': 'rclone',
      'x-amz-content-sha256': sha256('x'),
      'x-amz-date': dateTime,
    }
    const request = { method: 'PUT', path: '/bucket/k', query: [], headers }
    const { text, signedHeaders } = sigV4CanonicalRequest(request, sha256('x'), Object.keys(headers))
    const signature = sigV4Signature(text, dateTime, scope, { accessKeySecret })
    const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
    const put = { method: 'PUT', key: 'k', body: 'x', signature: 'none' } as const
    assert.equal((await send(emulator, { ...put, headers: { ...headers, authorization } })).status, 200)
    const other = await send(emulator, { ...put, headers: { ...headers, 'user-agent': 'other', authorization } })
    assert.equal(codeOf(other), 'SignatureDoesNotMatch')
  })

  it('is refused for a wrong secret, an unknown key, another region, an old date or a wrong token', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const { credentials } = emulator
    const attempts: [Partial<RawRequest>, string, number][] = [
      [{ credentials: { ...credentials, accessKeySecret: 'guess' } }, 'SignatureDoesNotMatch', 403],
      [{ credentials: { ...credentials, accessKeyId: 'nobody' } }, 'InvalidAccessKeyId', 403],
      [{ credentials: { ...credentials, securityToken: 'x' } }, 'InvalidToken', 400],
      [{ region: 'us-east-1' }, 'AuthorizationHeaderMalformed', 400],
      [{ date: new Date(Date.now() - 16 * MINUTE) }, 'RequestTimeTooSkewed', 403],
      [{ headers: { 'x-amz-content-sha256': 'nonsense' } }, 'InvalidArgument', 400],
    ]
    for (const [attempt, code, status] of attempts) {
      const answer = await send(emulator, s3(attempt))
      assert.equal(codeOf(answer), code)
      assert.equal(answer.status, status)
      assert.ok(!answer.body.includes(credentials.accessKeySecret))
    }
    const elsewhere = await send(emulator, s3({ region: 'us-east-1' }))
    assert.equal(xmlOf(elsewhere).text('Region'), 'eu-test-1')
  })

  it('is refused when a header of the service is not signed', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const query = presigned(emulator)
    const headers = { 'x-amz-acl': 'private' }
    const answer = await send(emulator, { key: 'k', query, headers, signature: 'none' })
    assert.equal(codeOf(answer), 'AccessDenied')
    assert.equal(xmlOf(answer).text('HeadersNotSigned'), 'x-amz-acl')
  })

  it('is refused when the body is another one', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const headers = { 'x-amz-content-sha256': sha256('abc') }
    const put = await send(emulator, s3({ method: 'PUT', body: 'abd', headers }))
    assert.equal(codeOf(put), 'XAmzContentSHA256Mismatch')
    assert.equal((await send(emulator, s3({ method: 'HEAD' }))).status, 404)
  })
})

describe('a URL signed with SigV4', () => {
  it('reads the object until it expires, and once it is valid', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    await send(emulator, s3({ method: 'PUT', body: 'x' }))
    const get = (date: Date) => send(emulator, { key: 'k', query: presigned(emulator, date), signature: 'none' })
    assert.equal((await get(new Date())).body.toString(), 'x')
    assert.equal(codeOf(await get(new Date(Date.now() - 3 * MINUTE))), 'AccessDenied')
    assert.equal(codeOf(await get(new Date(Date.now() + 20 * MINUTE))), 'AccessDenied')
    const twice = await send(emulator, s3({ query: presigned(emulator) }))
    assert.equal(codeOf(twice), 'InvalidArgument')
  })
})

describe('a body that is wrapped as aws-chunked', () => {
  it('is verified chunk by chunk: the example of the documentation', async () => {
    const { credentials, dateTime, seed, signatures } = EXAMPLE
    const now = () => new Date('2013-05-24T00:00:00Z')
    await using emulator = await startEmulator({ region: 'us-east-1', credentials, now })
    const chunks = ['a'.repeat(65_536), 'a'.repeat(1024)]
    const body = signedChunks(chunks, { secret: credentials.accessKeySecret, dateTime, region: 'us-east-1', seed })
    for (const signature of signatures) assert.ok(body.includes(signature))
    const signed = 'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length'
    const request: RawRequest = {
      method: 'PUT',
      bucket: 'examplebucket',
      key: 'chunkObject.txt',
      body,
      signature: 'none',
      headers: {
        host: 's3.amazonaws.com',
        'x-amz-date': dateTime,
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signed};x-amz-storage-class,Signature=${seed}`,
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'content-encoding': 'aws-chunked',
        'x-amz-decoded-content-length': '66560',
        'content-length': String(body.length),
      },
    }
    assert.equal((await send(emulator, request)).status, 200)
    const get = await send(emulator, s3({ bucket: 'examplebucket', key: 'chunkObject.txt', date: now() }))
    assert.equal(get.body.toString(), chunks.join(''))
    assert.equal(get.headers['content-encoding'], undefined)
    const other = await send(emulator, { ...request, body: body.replace('aaaa', 'aaab') })
    assert.equal(codeOf(other), 'SignatureDoesNotMatch')
  })

  it('is verified by the checksum behind it', async () => {
    await using emulator = await startEmulator({ region: 'eu-test-1' })
    const put = (body: string, length = 3) =>
      send(
        emulator,
        s3({
          method: 'PUT',
          body,
          headers: {
            'content-encoding': 'gzip,aws-chunked',
            'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
            'x-amz-decoded-content-length': String(length),
            'x-amz-trailer': 'x-amz-checksum-crc32',
          },
        }),
      )
    const trailer = 'x-amz-checksum-crc32:NSRBwg==\r\n\r\n'
    const stored = await put(`1\r\na\r\n2\r\nbc\r\n0\r\n${trailer}`)
    assert.equal(stored.status, 200)
    assert.equal(stored.headers['x-amz-checksum-crc32'], 'NSRBwg==')
    assert.equal((await send(emulator, s3({ method: 'HEAD' }))).headers['content-encoding'], 'gzip')
    assert.equal(codeOf(await put(`3\r\nabd\r\n0\r\n${trailer}`)), 'BadDigest')
    assert.equal(codeOf(await put('3\r\nabc\r\n0\r\n\r\n')), 'InvalidRequest')
    assert.equal(codeOf(await put(`3\r\nabc\r\n0\r\n${trailer}`, 4)), 'IncompleteBody')
    assert.equal(codeOf(await put('3\r\nab')), 'IncompleteBody')
    assert.equal(codeOf(await put('nonsense')), 'IncompleteBody')
  })
})

function presigned({ endpoint, region, credentials }: Emulator, date = new Date()) {
  const request = { method: 'GET', path: '/bucket/k', query: [], headers: { host: new URL(endpoint).host } }
  return [...presignSigV4(request, credentials, { region, date, expiresInSeconds: 60 })]
}
