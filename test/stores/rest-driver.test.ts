import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { UploadError } from '../../src/shared/errors.js'
import { parseXml } from '../../src/shared/text/xml.js'
import type { ObjectOptions } from '../../src/stores/object/object-options.js'
import { readAll, someBytes } from '../support/bytes.js'
import { invalidOption, uploadError } from '../support/errors.js'
import {
  bodyOf,
  crc64Of,
  type ReceivedRequest,
  refusal,
  rejection,
  type Reply,
  reset,
  type ScriptedService,
  scriptedService,
  type Step,
  storedReply,
} from '../support/scripted-service.js'

const KEY = 'dir/a +é.bin'
const PATH = '/bucket/dir/a%20%2B%C3%A9.bin'
const UPLOAD = { key: KEY, uploadId: 'U/1+2' }

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64')
}

/** Method and URL, and the headers that are not on every request. */
function shapeOf({ method, url, headers }: ReceivedRequest): [string, Record<string, unknown>] {
  const common = [
    'host',
    'accept-encoding',
    'user-agent',
    'connection',
    'authorization',
    'x-oss-date',
    'x-oss-content-sha256',
  ]
  const own = Object.entries(headers).filter(([name]) => !common.includes(name) && name !== 'x-oss-security-token')
  return [`${method} ${url}`, Object.fromEntries(own)]
}

function initiated(uploadId: string): Reply {
  return {
    body: `<InitiateMultipartUploadResult><UploadId>${uploadId}</UploadId></InitiateMultipartUploadResult>`,
  }
}

function completed(headers: Record<string, string> = {}): Reply {
  return {
    headers,
    body: '<CompleteMultipartUploadResult><ETag>"E-2"</ETag></CompleteMultipartUploadResult>',
  }
}

const EVERYTHING: ObjectOptions = {
  contentType: 'text/plain',
  metadata: { a: 'b' },
  headers: { 'Cache-Control': 'no-cache' },
  acl: 'private',
  storageClass: 'IA',
  tagging: { t: 'v' },
  serverSideEncryption: 'AES256',
  forbidOverwrite: true,
  trafficLimit: 819_200,
}

describe('every request', () => {
  it('names its host, its program and its signature, and nothing that was not signed for', async (t) => {
    const service = await scriptedService(t)
    service.script(initiated('U'))
    await service.api.initiateMultipartUpload('k', {}, {})
    const { headers } = service.requests[0]!
    assert.match(headers.host ?? '', /^127\.0\.0\.1:\d+$/)
    assert.match(headers['user-agent'] ?? '', /^oss-upload-stream\/\d+\.\d+\.\d+ node\/\d+/)
    assert.match(headers.authorization ?? '', /^OSS4-HMAC-SHA256 Credential=testAccessKeyId\/\d{8}\/cn-test\/oss\//)
    assert.equal(headers['x-oss-security-token'], 'testSecurityToken')
    assert.deepEqual(Object.keys(headers).sort(), [
      'accept-encoding',
      'authorization',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-oss-content-sha256',
      'x-oss-date',
      'x-oss-security-token',
    ])
  })
})

describe('putObject', () => {
  it('sends the body with its MD5 and all options of the object', async (t) => {
    const service = await scriptedService(t)
    const bytes = someBytes(300_000)
    service.script(storedReply(bytes, { 'x-oss-request-id': 'R', 'x-oss-version-id': 'V' }))
    const stored = await service.api.putObject(KEY, bodyOf(bytes), EVERYTHING, {})
    assert.deepEqual(stored, {
      etag: '"E"',
      crc64: String(crc64Of(bytes)),
      checksum: { algorithm: 'crc64ecma', value: String(crc64Of(bytes)) },
      versionId: 'V',
      requestId: 'R',
    })
    assert.deepEqual(shapeOf(service.requests[0]!), [
      `PUT ${PATH}`,
      {
        'content-length': '300000',
        'content-md5': md5(bytes),
        'content-type': 'text/plain',
        'cache-control': 'no-cache',
        'x-oss-meta-a': 'b',
        'x-oss-object-acl': 'private',
        'x-oss-storage-class': 'IA',
        'x-oss-tagging': 't=v',
        'x-oss-server-side-encryption': 'AES256',
        'x-oss-forbid-overwrite': 'true',
        'x-oss-traffic-limit': '819200',
      },
    ])
    assert.ok(service.requests[0]!.body.equals(bytes))
  })

  it('sends nothing as a body of no bytes', async (t) => {
    const service = await scriptedService(t)
    const nothing = new Uint8Array(0)
    service.script(storedReply(nothing))
    assert.equal((await service.api.putObject('k', bodyOf(nothing), {}, {})).crc64, '0')
    const [, headers] = shapeOf(service.requests[0]!)
    assert.equal(headers['content-length'], '0')
    assert.equal(headers['content-md5'], '1B2M2Y8AsgTpgAmY7PhCfg==')
  })

  it('sends it again when the store received other bytes', async (t) => {
    const service = await scriptedService(t)
    const bytes = someBytes(10)
    service.script(storedReply(someBytes(11)), storedReply(bytes))
    await service.api.putObject('k', bodyOf(bytes), {}, {})
    assert.equal(service.requests.length, 2)
  })

  it('fails with both checksums when the store always receives other bytes', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
    const [ours, theirs] = [someBytes(10), someBytes(11)]
    service.script(storedReply(theirs), storedReply(theirs))
    const expected = uploadError('CHECKSUM_MISMATCH', String(crc64Of(ours)), String(crc64Of(theirs)))
    await assert.rejects(service.api.putObject('k', bodyOf(ours), {}, {}), expected)
  })

  it('has no checksum where the response has none', async (t) => {
    const service = await scriptedService(t)
    service.script({ headers: { etag: '"E"' } })
    assert.deepEqual(await service.api.putObject('k', bodyOf(someBytes(1)), {}, {}), { etag: '"E"', requestId: '' })
  })

  it('accepts no response as success that any server could send', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
    for (const reply of [{ body: '<html>please log in</html>' }, { status: 204 }]) {
      service.script(reply, reply)
      const error = await rejection(service.api.putObject('k', bodyOf(someBytes(1)), {}, {}))
      assert.ok(uploadError('BAD_ANSWER', 'ETag')(error))
      assert.equal((error as UploadError).outcomeUnknown, true)
    }
  })
})

describe('initiateMultipartUpload', () => {
  it('sends the options of the object', async (t) => {
    const service = await scriptedService(t)
    service.script(initiated('0004B9'))
    assert.equal(await service.api.initiateMultipartUpload(KEY, EVERYTHING, {}), '0004B9')
    assert.deepEqual(shapeOf(service.requests[0]!), [
      `POST ${PATH}?uploads&encoding-type=url`,
      {
        'content-length': '0',
        'content-type': 'text/plain',
        'cache-control': 'no-cache',
        'x-oss-meta-a': 'b',
        'x-oss-storage-class': 'IA',
        'x-oss-tagging': 't=v',
        'x-oss-server-side-encryption': 'AES256',
        'x-oss-forbid-overwrite': 'true',
      },
    ])
  })

  for (const [what, body] of [
    ['nothing', ''],
    ['no upload ID', '<InitiateMultipartUploadResult/>'],
    ['an empty upload ID', '<InitiateMultipartUploadResult><UploadId></UploadId></InitiateMultipartUploadResult>'],
    ['something else', '<ListPartsResult><UploadId>U</UploadId></ListPartsResult>'],
    ['half an answer', '<InitiateMultipartUploadResult><UploadId>U'],
    ['a page for people', '<!DOCTYPE html><html>log in</html>'],
    [
      'entities',
      '<!DOCTYPE a [<!ENTITY x "y">]><InitiateMultipartUploadResult><UploadId>&x;</UploadId></InitiateMultipartUploadResult>',
    ],
    ['bottomless nesting', '<a>'.repeat(50_000)],
    ['JSON', '{"UploadId":"U"}'],
  ] as const) {
    it(`is tried again when the response is ${what}, for a new upload`, async (t) => {
      const service = await scriptedService(t)
      service.script({ body }, initiated('U2'))
      let unknown = 0
      const uploadId = await service.api.initiateMultipartUpload('k', {}, { onOutcomeUnknown: () => (unknown += 1) })
      assert.equal(uploadId, 'U2')
      assert.equal(unknown, 1)
    })
  }

  it('bounds what it quotes of a strange response', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 1 } })
    const name = 'A'.repeat(100_000)
    service.script({ body: `<${name}>\u202e\x07</${name}>` })
    const error = (await rejection(service.api.initiateMultipartUpload('k', {}, {}))) as UploadError
    assert.equal(error.code, 'BAD_ANSWER')
    assert.ok(error.message.length < 1000, String(error.message.length))
  })
})

describe('uploadPart', () => {
  it('sends the part, with an MD5 only if requested', async (t) => {
    const service = await scriptedService(t)
    const bytes = someBytes(1000)
    const part = { ...UPLOAD, partNumber: 10_000, body: bodyOf(bytes) }
    service.script(storedReply(bytes), storedReply(bytes))
    assert.deepEqual(await service.api.uploadPart(part, EVERYTHING, {}), { etag: '"E"' })
    await service.api.uploadPart(part, { contentMd5: true }, {})
    const url = `PUT ${PATH}?partNumber=10000&uploadId=U%2F1%2B2`
    assert.deepEqual(service.requests.map(shapeOf), [
      [url, { 'content-length': '1000', 'x-oss-traffic-limit': '819200' }],
      [url, { 'content-length': '1000', 'content-md5': md5(bytes) }],
    ])
  })

  for (const [what, headers] of [
    ['another checksum', { etag: '"E"', 'x-oss-hash-crc64ecma': '1' }],
    ['a checksum that is none', { etag: '"E"', 'x-oss-hash-crc64ecma': 'lies' }],
    ['no ETag', {}],
  ] as const) {
    it(`is sent again when the response has ${what}`, async (t) => {
      const service = await scriptedService(t)
      const bytes = someBytes(10)
      service.script({ headers }, storedReply(bytes))
      await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: bodyOf(bytes) }, {}, {})
      assert.equal(service.requests.length, 2)
    })
  }
})

describe('completeMultipartUpload', () => {
  const parts = [
    { partNumber: 1, etag: '"A"' },
    { partNumber: 3, etag: '<&>' },
  ]

  it('lists the parts, with what belongs to publishing', async (t) => {
    const service = await scriptedService(t)
    service.script(completed({ 'x-oss-hash-crc64ecma': '7', 'x-oss-request-id': 'R', 'x-oss-version-id': 'V' }))
    const stored = await service.api.completeMultipartUpload(UPLOAD, parts, EVERYTHING, {})
    assert.deepEqual(stored, {
      etag: '"E-2"',
      crc64: '7',
      checksum: { algorithm: 'crc64ecma', value: '7' },
      versionId: 'V',
      requestId: 'R',
    })
    const [request] = service.requests
    assert.deepEqual(shapeOf(request!), [
      `POST ${PATH}?uploadId=U%2F1%2B2&encoding-type=url`,
      {
        'content-length': String(request!.body.length),
        'content-type': 'application/xml',
        'x-oss-object-acl': 'private',
        'x-oss-forbid-overwrite': 'true',
      },
    ])
    const root = await parseXml(request!.body.toString())
    assert.equal(root.name, 'CompleteMultipartUpload')
    assert.deepEqual(
      root.children('Part').map((part) => [part.text('PartNumber'), part.text('ETag')]),
      [
        ['1', '"A"'],
        ['3', '<&>'],
      ],
    )
  })

  it('waits five times as long as other calls for its response', async (t) => {
    const service = await scriptedService(t, { timeouts: { answerMs: 100 }, retry: { maxAttempts: 1 } })
    service.script((_request, response) => {
      setTimeout(() => response.end(completed().body), 250)
      return undefined
    })
    assert.equal((await service.api.completeMultipartUpload(UPLOAD, parts, {}, {})).etag, '"E-2"')
  })

  it('reads on past the white space of a slow service', async (t) => {
    const service = await scriptedService(t)
    service.script({ body: ` \n \n<?xml version="1.0"?>\n${completed().body ?? ''}\n` })
    assert.equal((await service.api.completeMultipartUpload(UPLOAD, parts, {}, {})).etag, '"E-2"')
  })

  for (const [what, reply] of [
    ['an error under 200', refusal(200, 'InternalError')],
    ['an error under 200 after white space', { body: `  \n${refusal(200, 'InternalError').body ?? ''}` }],
    ['nothing', {}],
    ['half an answer', { body: '<CompleteMultipartUploadResult><ETag>' }],
    ['a broken connection', reset],
  ] as const) {
    it(`is tried again after ${what}, and then known to have an unknown outcome`, async (t) => {
      const service = await scriptedService(t)
      service.script(reply, refusal(404, 'NoSuchUpload'))
      const error = await rejection(service.api.completeMultipartUpload(UPLOAD, parts, {}, {}))
      assert.ok(uploadError('NO_SUCH_UPLOAD')(error))
      assert.equal((error as UploadError).outcomeUnknown, true)
    })
  }
})

describe('a traffic limit', () => {
  it('makes the service slow, which is not a failure', async (t) => {
    const service = await scriptedService(t, { timeouts: { answerMs: 60, stallMs: 60 }, retry: { maxAttempts: 1 } })
    // 20 kB at 245,760 bit/s are two thirds of a second.
    const bytes = someBytes(20_000)
    const late: Step = (_request, response) => {
      setTimeout(() => response.writeHead(200, storedReply(bytes).headers).end(), 300)
      return undefined
    }
    service.script(late, late, late)
    const options = { trafficLimit: 245_760 }
    await service.api.putObject('k', bodyOf(bytes), options, {})
    await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: bodyOf(bytes) }, options, {})
    await assert.rejects(service.api.putObject('k', bodyOf(bytes), {}, {}), uploadError('TIMEOUT'))
  })
})

describe('a callback', () => {
  const callback = { url: 'https://a.example/cb', body: 'object=${object}' }
  const encoded = Buffer.from('{"callbackUrl":"https://a.example/cb","callbackBody":"x"}').toString('base64')
  const parts = [{ partNumber: 1, etag: '"A"' }]

  const calls: readonly [what: string, call: (service: ScriptedService, options: ObjectOptions) => Promise<unknown>][] =
    [
      ['putObject', ({ api }, options) => api.putObject('k', bodyOf(someBytes(10)), options, {})],
      ['completeMultipartUpload', ({ api }, options) => api.completeMultipartUpload(UPLOAD, parts, options, {})],
    ]
  for (const [what, call] of calls) {
    it(`of ${what} has its response returned, parsed if it is JSON`, async (t) => {
      const service = await scriptedService(t)
      const headers = storedReply(someBytes(10)).headers ?? {}
      for (const [body, parsed] of [
        ['{"Status":"OK"}', { Status: 'OK' }],
        ['[1]', [1]],
        ['as text', 'as text'],
        ['', ''],
      ] as const) {
        service.script({ headers, body })
        assert.deepEqual(((await call(service, { callback })) as { callback: unknown }).callback, parsed)
      }
    })

    it(`of ${what} that was put in as headers is one too`, async (t) => {
      const service = await scriptedService(t)
      service.script({ ...storedReply(someBytes(10)), body: '{"Status":"OK"}' })
      const stored = await call(service, { headers: { 'x-oss-callback': encoded } })
      assert.deepEqual((stored as { callback: unknown }).callback, { Status: 'OK' })
    })

    it(`of ${what} that failed is said to have failed after the object was stored`, async (t) => {
      const service = await scriptedService(t)
      service.script(refusal(203, 'CallbackFailed'))
      const error = await rejection(call(service, { callback }))
      assert.ok(uploadError('CALLBACK_FAILED', 'the object is stored')(error))
      assert.equal((error as UploadError).status, 203)
      assert.equal((error as UploadError).attempts, 1)
      assert.equal((error as UploadError).outcomeUnknown, true)
    })

    it(`of ${what} is not mistaken for an error of the service`, async (t) => {
      const service = await scriptedService(t, { retry: { maxAttempts: 1 } })
      service.script({ ...storedReply(someBytes(10)), ...refusal(200, 'InternalError') })
      await assert.rejects(call(service, { callback }), uploadError('SERVICE_FAILED'))
    })
  }
})

describe('abortMultipartUpload', () => {
  it('deletes the upload', async (t) => {
    const service = await scriptedService(t)
    service.script({ status: 204 })
    await service.api.abortMultipartUpload(UPLOAD, {})
    assert.deepEqual(shapeOf(service.requests[0]!), [`DELETE ${PATH}?uploadId=U%2F1%2B2`, {}])
  })

  it('succeeds if the upload does not exist', async (t) => {
    const service = await scriptedService(t)
    service.script(refusal(500, 'InternalError'), refusal(404, 'NoSuchUpload'))
    await service.api.abortMultipartUpload(UPLOAD, {})
  })

  it('is not done because of another 404, nor of a success that any server gives', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 1 } })
    service.script(refusal(404, 'NoSuchBucket'), { status: 404 }, { status: 200, body: '<html>log in</html>' })
    await assert.rejects(service.api.abortMultipartUpload(UPLOAD, {}), uploadError('NOT_FOUND'))
    await assert.rejects(service.api.abortMultipartUpload(UPLOAD, {}), uploadError('NOT_FOUND'))
    await assert.rejects(service.api.abortMultipartUpload(UPLOAD, {}), uploadError('BAD_ANSWER'))
  })
})

describe('a listing', () => {
  it('of parts requests a page', async (t) => {
    const service = await scriptedService(t)
    const body = '<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>'
    service.script({ body }, { body })
    assert.deepEqual(await service.api.listParts(UPLOAD, {}, {}), { parts: [] })
    await service.api.listParts(UPLOAD, { after: 0, limit: 2 }, {})
    assert.deepEqual(
      service.requests.map(({ url }) => url),
      [
        `${PATH}?uploadId=U%2F1%2B2&encoding-type=url`,
        `${PATH}?uploadId=U%2F1%2B2&encoding-type=url&max-parts=2&part-number-marker=0`,
      ],
    )
  })

  it('is understood where the service calls its document a response', async (t) => {
    const service = await scriptedService(t)
    service.script({ body: '<ListPartsResponse><IsTruncated>false</IsTruncated></ListPartsResponse>' })
    assert.deepEqual(await service.api.listParts(UPLOAD, {}, {}), { parts: [] })
  })

  it('of uploads requests a page', async (t) => {
    const service = await scriptedService(t)
    const body = '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>'
    service.script({ body, headers: { date: 'Fri, 21 Nov 2025 02:00:00 GMT' } }, { body }, { body })
    assert.deepEqual(await service.api.listMultipartUploads({}, {}), {
      uploads: [],
      commonPrefixes: [],
      answeredAt: new Date('2025-11-21T02:00:00Z'),
    })
    await service.api.listMultipartUploads(
      { prefix: 'a b', delimiter: '/', limit: 9, after: { key: 'k/', uploadId: 'U' } },
      {},
    )
    await service.api.listMultipartUploads({ prefix: '', after: { key: 'k' } }, {})
    assert.deepEqual(
      service.requests.map(({ url }) => url),
      [
        '/bucket/?uploads&encoding-type=url',
        '/bucket/?uploads&prefix=a%20b&delimiter=%2F&max-uploads=9&key-marker=k%2F&upload-id-marker=U&encoding-type=url',
        '/bucket/?uploads&key-marker=k&encoding-type=url',
      ],
    )
  })

  it('that is invalid is requested again, and then BAD_ANSWER', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
    service.script({ body: '<ListPartsResult><Part/></ListPartsResult>' }, { body: 'x' })
    await assert.rejects(service.api.listParts(UPLOAD, {}, {}), uploadError('BAD_ANSWER', 'the response is invalid'))
  })
})

describe('headObject', () => {
  it('returns what the headers say', async (t) => {
    const service = await scriptedService(t)
    service.script({
      headers: {
        'content-length': '7',
        etag: '"E"',
        'x-oss-hash-crc64ecma': '18446744073709551615',
        'x-oss-version-id': 'V',
        'content-type': 'a/b',
        'last-modified': 'Fri, 21 Nov 2025 02:00:00 GMT',
        'x-oss-meta-constructor': 'c',
        'x-oss-meta-__proto__': 'p',
        'x-oss-request-id': 'R',
      },
    })
    const { headers, ...head } = await service.api.headObject(KEY, {})
    assert.equal(headers['etag'], '"E"')
    assert.deepEqual(Object.entries(head.metadata), [
      ['constructor', 'c'],
      ['__proto__', 'p'],
    ])
    assert.deepEqual(
      { ...head, metadata: {} },
      {
        size: 7,
        etag: '"E"',
        crc64: '18446744073709551615',
        checksum: { algorithm: 'crc64ecma', value: '18446744073709551615' },
        versionId: 'V',
        contentType: 'a/b',
        lastModified: new Date(Date.UTC(2025, 10, 21, 2)),
        metadata: {},
        requestId: 'R',
      },
    )
    assert.deepEqual(shapeOf(service.requests[0]!), [`HEAD ${PATH}`, {}])
  })

  it('has the failure of the header that replaces the body', async (t) => {
    const service = await scriptedService(t)
    const { body = '' } = refusal(404, 'NoSuchKey')
    service.script({ status: 404, headers: { 'x-oss-err': Buffer.from(body).toString('base64'), 'x-oss-ec': 'EC' } })
    const error = (await rejection(service.api.headObject('k', {}))) as UploadError
    assert.equal(error.code, 'NOT_FOUND')
    assert.equal(error.serviceCode, 'NoSuchKey')
    assert.equal(error.requestId, 'id-of-NoSuchKey')
    assert.equal(error.ec, '0001-00000001')
  })

  it('has a failure from the status alone', async (t) => {
    const service = await scriptedService(t)
    for (const headers of [{}, { 'x-oss-err': '!!!' }, { 'x-oss-err': Buffer.from('<x>').toString('base64') }]) {
      service.script({ status: 404, headers: { ...headers, 'x-oss-request-id': 'R', 'x-oss-ec': 'EC' } })
      const error = (await rejection(service.api.headObject('k', {}))) as UploadError
      assert.equal(error.code, 'NOT_FOUND')
      assert.equal(error.serviceCode, 'HTTP404')
      assert.equal(error.requestId, 'R')
      assert.equal(error.ec, 'EC')
    }
  })
})

describe('getObject', () => {
  it('streams the body', async (t) => {
    const service = await scriptedService(t)
    service.script({ headers: { 'content-length': '5', etag: '"E"', 'x-oss-request-id': 'R' }, body: 'hello' })
    const { body, ...head } = await service.api.getObject(KEY, undefined, {})
    assert.equal(head.size, 5)
    assert.equal((await readAll(body)).toString(), 'hello')
    assert.deepEqual(shapeOf(service.requests[0]!), [`GET ${PATH}`, {}])
  })

  it('requests a range, and a refusal if it does not exist', async (t) => {
    const service = await scriptedService(t)
    const reply = (range: string, body: string) => ({
      status: 206,
      headers: { etag: '"e"', 'content-range': range, 'content-length': String(body.length), 'x-oss-request-id': 'R' },
      body,
    })
    service.script(reply('bytes 1-2/9', 'xx'), reply('bytes 1-8/9', 'xxxxxxxx'))
    for (const range of [{ start: 1, end: 2 }, { start: 1 }]) {
      const { size, body } = await service.api.getObject('k', range, {})
      body.resume()
      assert.equal(size, 9)
    }
    assert.deepEqual(
      service.requests.map(({ headers }) => [headers.range, headers['x-oss-range-behavior']]),
      [
        ['bytes=1-2', 'standard'],
        ['bytes=1-', 'standard'],
      ],
    )
  })

  it('is retried until the headers are received', async (t) => {
    const service = await scriptedService(t)
    const empty = { etag: '"e"', 'content-length': '0', 'x-oss-request-id': 'R' }
    service.script(refusal(503, 'ServiceUnavailable'), { headers: empty })
    const { body } = await service.api.getObject('k', undefined, {})
    body.resume()
    assert.equal(service.requests.length, 2)
  })

  it('is an UploadError also where the response to a failure breaks off', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 2 } })
    const breakOff: Step = (_request, response) => {
      response.writeHead(404, { 'content-length': '1000' }).write('<Error>', () => response.destroy())
      return undefined
    }
    service.script(breakOff, breakOff)
    await assert.rejects(service.api.getObject('k', undefined, {}), uploadError('NETWORK'))
  })

  it('needs the size of the object', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 1 } })
    const headers = { 'transfer-encoding': 'chunked', etag: '"E"', 'x-oss-request-id': 'R' }
    service.script({ headers, body: 'x' }, { headers, body: 'x' })
    await assert.rejects(service.api.getObject('k', undefined, {}), uploadError('BAD_ANSWER', 'Content-Length'))
  })

  it('refuses what is not of the service', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 1 } })
    const portal = { headers: { 'content-type': 'text/html', 'content-length': '6' }, body: '<html>' }
    service.script(portal, portal)
    const get = service.api.getObject('k', undefined, {})
    await assert.rejects(get, uploadError('BAD_ANSWER', 'neither a checksum nor a request ID'))
    await assert.rejects(service.api.deleteObject('k', {}), uploadError('BAD_ANSWER', 'does not come from the service'))
  })

  it('refuses an empty response without an ETag, which is not an empty object', async (t) => {
    const service = await scriptedService(t, { retry: { maxAttempts: 1 } })
    service.script({ headers: { 'content-length': '0', 'x-oss-request-id': 'R' } })
    await assert.rejects(service.api.getObject('k', undefined, {}), uploadError('BAD_ANSWER', 'no ETag'))
  })
})

describe('deleteObject', () => {
  it('deletes', async (t) => {
    const service = await scriptedService(t)
    service.script({ status: 204 })
    await service.api.deleteObject(KEY, {})
    assert.deepEqual(shapeOf(service.requests[0]!), [`DELETE ${PATH}`, {}])
  })
})

describe('check', () => {
  it('refuses keys and options before anything is sent', async (t) => {
    const { api, requests } = await scriptedService(t)
    api.check('k', EVERYTHING)
    assert.throws(() => api.check('/k', {}), invalidOption('key'))
    assert.throws(() => api.check('k', { acl: 'open' }), invalidOption('acl'))
    assert.throws(() => api.check('k', { trafficLimit: 1 }), invalidOption('trafficLimit'))
    assert.equal(requests.length, 0)
  })
})

describe('locationOf', () => {
  it('is the URL without credentials', async (t) => {
    const { api } = await scriptedService(t)
    assert.match(api.locationOf(KEY), /^http:\/\/127\.0\.0\.1:\d+\/bucket\/dir\/a%20%2B%C3%A9\.bin$/)
  })
})
