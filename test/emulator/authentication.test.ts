import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startEmulator, type Emulator, type KnownCredentials } from '../../src/emulator/index.js'
import { presignOssV1 } from '../../src/signing/oss-v1.js'
import { presignOssV4 } from '../../src/signing/oss-v4.js'
import type { QueryParameter } from '../../src/signing/signable-request.js'
import { codeOf, send, xmlOf, type RawRequest } from '../support/signed-request.js'

const MINUTE = 60_000

/** Everything that a signature has to get right at once. */
const DEMANDING: RawRequest = {
  method: 'PUT',
  key: "dir/ä b+c~(1)*'!😀",
  body: 'x',
  headers: { 'content-type': 'text/plain', 'x-oss-meta-a': ' spaced  value ', 'x-oss-meta-b': 'ünï' },
}

function presigned(emulator: Emulator, version: 'v1' | 'v4', expiresAt: Date, date = new Date()): QueryParameter[] {
  const request = { method: 'GET', bucket: 'bucket', key: 'k', query: [], headers: {} }
  if (version === 'v1') return presignOssV1(request, emulator.credentials, { expiresAt })
  const expiresInSeconds = Math.round((expiresAt.getTime() - date.getTime()) / 1000)
  return presignOssV4(request, emulator.credentials, { region: emulator.region, date, expiresInSeconds })
}

for (const signature of ['v4', 'v1'] as const) {
  describe(`a request signed with ${signature}`, () => {
    it('is taken when the signature is right', async () => {
      await using emulator = await startEmulator()
      assert.equal((await send(emulator, { ...DEMANDING, signature })).status, 200)
      const query: QueryParameter[] = [
        ['uploads', ''],
        ['prefix', 'a/b c+&='],
        ['max-uploads', '5'],
      ]
      assert.equal((await send(emulator, { query, signature })).status, 200)
    })

    it('is refused when the secret is wrong, and says what was expected', async () => {
      await using emulator = await startEmulator()
      const credentials = { ...emulator.credentials, accessKeySecret: 'guess' }
      const answer = await send(emulator, { ...DEMANDING, signature, credentials })
      assert.equal(answer.status, 403)
      assert.equal(codeOf(answer), 'SignatureDoesNotMatch')
      assert.equal(xmlOf(answer).text('OSSAccessKeyId'), emulator.credentials.accessKeyId)
      assert.match(xmlOf(answer).text('StringToSign')!, signature === 'v4' ? /^OSS4-HMAC-SHA256\n/ : /^PUT\n/)
      assert.ok(!answer.body.includes(emulator.credentials.accessKeySecret))
    })

    it('is refused for an unknown access key ID', async () => {
      await using emulator = await startEmulator()
      const credentials = { ...emulator.credentials, accessKeyId: 'nobody' }
      assert.equal(codeOf(await send(emulator, { key: 'k', signature, credentials })), 'InvalidAccessKeyId')
    })

    it('is refused when its date is more than 15 minutes off, with the date of the server', async () => {
      const serverTime = new Date('2026-03-01T12:00:00Z')
      await using emulator = await startEmulator({ now: () => serverTime })
      for (const [minutes, code] of [
        [-16, 'RequestTimeTooSkewed'],
        [-14, 'NoSuchKey'],
        [14, 'NoSuchKey'],
        [16, 'RequestTimeTooSkewed'],
      ] as const) {
        const date = new Date(serverTime.getTime() + minutes * MINUTE)
        const answer = await send(emulator, { key: 'k', signature, date })
        assert.equal(codeOf(answer), code, `${minutes} minutes`)
        assert.equal(answer.headers.date, serverTime.toUTCString())
      }
    })
  })

  describe(`a URL signed with ${signature}`, () => {
    const get = (emulator: Emulator, query: QueryParameter[]) => send(emulator, { key: 'k', query, signature: 'none' })

    it('reads the object until it expires', async () => {
      await using emulator = await startEmulator()
      await send(emulator, { method: 'PUT', key: 'k', body: 'x' })
      assert.equal((await get(emulator, presigned(emulator, signature, new Date(Date.now() + MINUTE)))).status, 200)
      const past = new Date(Date.now() - MINUTE)
      const expired = await get(emulator, presigned(emulator, signature, past, new Date(Date.now() - 2 * MINUTE)))
      assert.equal(expired.status, 403)
      assert.equal(codeOf(expired), 'AccessDenied')
      assert.equal(expired.headers['x-oss-ec'], '0002-00000069')
    })

    it('is refused when anything in it is changed', async () => {
      await using emulator = await startEmulator()
      const query = presigned(emulator, signature, new Date(Date.now() + MINUTE))
      const other: RawRequest = { key: 'other', query, signature: 'none' }
      assert.equal(codeOf(await send(emulator, other)), 'SignatureDoesNotMatch')
    })

    it('cannot be combined with a signature in a header', async () => {
      await using emulator = await startEmulator()
      const query = presigned(emulator, signature, new Date(Date.now() + MINUTE))
      assert.equal(codeOf(await send(emulator, { key: 'k', query, signature })), 'InvalidArgument')
    })
  })
}

describe('a request signed with v4', () => {
  it('may sign further headers, which must then arrive as they were', async () => {
    await using emulator = await startEmulator()
    const host = new URL(emulator.endpoint).host
    const request = { key: 'k', headers: { host, range: 'bytes=0-1' }, additionalHeaders: ['host', 'range'] }
    assert.equal(codeOf(await send(emulator, request)), 'NoSuchKey')
  })

  it('is bound to the region', async () => {
    await using emulator = await startEmulator({ region: 'eu-central-1' })
    const answer = await send(emulator, { key: 'k', region: 'cn-hangzhou' })
    assert.equal(answer.status, 400)
    assert.equal(codeOf(answer), 'InvalidArgument')
    assert.equal(answer.headers['x-oss-ec'], '0002-00000226')
  })

  it('must not be valid for more than a week in a URL', async () => {
    await using emulator = await startEmulator()
    const query = presigned(emulator, 'v4', new Date(Date.now() + 604_801_000))
    const answer = await send(emulator, { key: 'k', query, signature: 'none' })
    assert.equal(answer.headers['x-oss-ec'], '0002-00000232')
  })

  const malformed: [what: string, authorization: string, ec: string | undefined][] = [
    [
      'an empty list of additional headers',
      'OSS4-HMAC-SHA256 Credential=a/b,AdditionalHeaders=,Signature=x',
      '0002-00000209',
    ],
    ['a credential without scope', 'OSS4-HMAC-SHA256 Credential=a,Signature=x', '0002-00000213'],
    ['an unknown scheme', 'Basic YTpi', '0002-00000063'],
  ]
  for (const [what, authorization, ec] of malformed) {
    it(`is refused for ${what}`, async () => {
      await using emulator = await startEmulator()
      const headers = {
        authorization,
        'x-oss-content-sha256': 'UNSIGNED-PAYLOAD',
        'x-oss-date': new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
      }
      const answer = await send(emulator, { key: 'k', headers, signature: 'none' })
      assert.equal(answer.status, 400)
      assert.equal(answer.headers['x-oss-ec'], ec)
    })
  }
})

describe('a request that is not signed', () => {
  it('is denied', async () => {
    await using emulator = await startEmulator()
    const answer = await send(emulator, { key: 'k', signature: 'none' })
    assert.equal(answer.status, 403)
    assert.equal(codeOf(answer), 'AccessDenied')
  })
})

describe('temporary credentials', () => {
  const sts = { accessKeyId: 'STS.one', accessKeySecret: 'secret', securityToken: 'token' }

  for (const signature of ['v4', 'v1'] as const) {
    it(`need their token with ${signature}`, async () => {
      await using emulator = await startEmulator({ credentials: sts })
      assert.equal(codeOf(await send(emulator, { key: 'k', signature })), 'NoSuchKey')
      for (const securityToken of ['other', undefined]) {
        const answer = await send(emulator, { key: 'k', signature, credentials: { ...sts, securityToken } })
        assert.equal(answer.status, 403)
        assert.equal(codeOf(answer), 'InvalidSecurityToken')
      }
    })
  }

  it('can be rotated: the old pair expires, the new one is taken', async () => {
    const known = new Map<string, KnownCredentials>([[sts.accessKeyId, sts]])
    await using emulator = await startEmulator({ credentials: (accessKeyId) => known.get(accessKeyId) })
    const codeWith = async (credentials: typeof sts) => codeOf(await send(emulator, { key: 'k', credentials }))
    const next = { accessKeyId: 'STS.two', accessKeySecret: 'new', securityToken: 'new token' }
    assert.equal(await codeWith(sts), 'NoSuchKey')
    assert.equal(await codeWith(next), 'InvalidAccessKeyId')
    known.set(sts.accessKeyId, { ...sts, expired: true })
    known.set(next.accessKeyId, next)
    assert.equal(await codeWith(sts), 'SecurityTokenExpired')
    assert.equal(await codeWith(next), 'NoSuchKey')
  })
})

describe('the log of requests', () => {
  it('remembers the last ones, without what could sign another', async () => {
    await using emulator = await startEmulator({ requestLogSize: 2 })
    const securityToken = 'very secret'
    for (const key of ['one', 'two', 'three']) {
      await send(emulator, { method: 'PUT', key, body: 'abc', credentials: { ...emulator.credentials, securityToken } })
    }
    assert.deepEqual(
      emulator.requests.map(({ operation, method, bucket, key, status }) => [operation, method, bucket, key, status]),
      [
        ['PutObject', 'PUT', 'bucket', 'two', 403],
        ['PutObject', 'PUT', 'bucket', 'three', 403],
      ],
    )
    const text = JSON.stringify(emulator.requests)
    assert.match(text, /"authorization":"REDACTED"/)
    assert.ok(!text.includes(securityToken) && !text.includes('Signature='))
  })

  it('counts the bytes that arrived', async () => {
    await using emulator = await startEmulator()
    await send(emulator, { method: 'PUT', key: 'k', body: 'abc' })
    assert.equal(emulator.requests.at(-1)?.bytes, 3)
    assert.equal(emulator.requests.at(-1)?.status, 200)
  })
})
