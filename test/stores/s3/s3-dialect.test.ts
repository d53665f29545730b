import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import { combineChecksums } from '../../../src/checksum/checksum.js'
import { s3Dialect, type S3DialectOptions } from '../../../src/stores/s3/s3-dialect.js'
import type { RetryNotice } from '../../../src/stores/store-driver.js'
import { someBytes } from '../../support/bytes.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { bodyOf, refusal, type Reply, type ScriptedService, scriptedService } from '../../support/scripted-service.js'

type Options = Omit<S3DialectOptions, 'bucket' | 'endpoint'>

function s3Service(t: Pick<TestContext, 'after'>, options: Options = {}): Promise<ScriptedService> {
  return scriptedService(t, { dialect: (endpoint) => s3Dialect({ bucket: 'bucket', endpoint, ...options }) })
}

const UPLOAD = { key: 'a key', uploadId: 'U' }
const BYTES = someBytes(1000)
const BODY = bodyOf(BYTES)
const MD5 = createHash('md5').update(BYTES).digest('hex')
const CRC32 = await BODY.checksum('crc32')
const OTHER = bodyOf(someBytes(1000, 2))
const otherMd5 = await OTHER.checksum('md5')
const otherCrc32 = await OTHER.checksum('crc32')

function partReply(headers: Record<string, string> = {}): Reply {
  return { headers: { etag: `"${MD5}"`, ...headers } }
}

describe('a request to S3', () => {
  it('has a signature over its body over plain HTTP, unless that is turned off', async (t) => {
    for (const [signPayload, hash] of [
      [undefined, createHash('sha256').update(BYTES).digest('hex')],
      [true, createHash('sha256').update(BYTES).digest('hex')],
      [false, 'UNSIGNED-PAYLOAD'],
    ] as const) {
      const service = await s3Service(t, { signPayload })
      service.script(partReply())
      await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, {}, {})
      const { headers, url } = service.requests[0]!
      assert.equal(headers['x-amz-content-sha256'], hash)
      assert.match(
        headers.authorization ?? '',
        /^AWS4-HMAC-SHA256 Credential=testAccessKeyId\/\d{8}\/us-east-1\/s3\/aws4_request, SignedHeaders=content-length;content-md5;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
      )
      assert.equal(url, '/bucket/a%20key?partNumber=1&uploadId=U')
    }
  })

  it('has none over its body where TLS protects it', () => {
    assert.equal(s3Dialect({ bucket: 'bkt' }).signsPayload, false)
    assert.equal(s3Dialect({ bucket: 'bkt', signPayload: true }).signsPayload, true)
  })

  it('requests encoded names only in lists of uploads', async (t) => {
    const service = await s3Service(t)
    service.script(
      { body: '<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>' },
      { body: '<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>' },
      { body: '<ListMultipartUploadsResult><EncodingType>url</EncodingType></ListMultipartUploadsResult>' },
    )
    await service.api.initiateMultipartUpload('k', {}, {})
    await service.api.listParts(UPLOAD, {}, {})
    await service.api.listMultipartUploads({}, {})
    assert.deepEqual(
      service.requests.map(({ url }) => url),
      ['/bucket/k?uploads', '/bucket/a%20key?uploadId=U', '/bucket/?uploads&encoding-type=url'],
    )
  })

  it('requests plain names, from then on, if the response does not contain the encoding', async (t) => {
    const service = await s3Service(t)
    const pageOf = (key: string): Reply => ({
      body: `<ListMultipartUploadsResult><Upload><Key>${key}</Key><UploadId>U</UploadId></Upload></ListMultipartUploadsResult>`,
    })
    service.script(pageOf('a%2Bb%2520c%01'), pageOf('a+b%20c&#x01;'), pageOf('a+b%20c&#x01;'))
    for (let i = 0; i < 2; i += 1) {
      const { uploads } = await service.api.listMultipartUploads({}, {})
      assert.deepEqual(uploads, [{ key: 'a+b%20c\u0001', uploadId: 'U' }])
    }
    assert.deepEqual(
      service.requests.map(({ url }) => url),
      ['/bucket/?uploads&encoding-type=url', '/bucket/?uploads', '/bucket/?uploads'],
    )
  })

  it('calls what was not found an upload where it named one', async (t) => {
    const service = await s3Service(t)
    service.script(refusal(404, 'NoSuchKey'), refusal(404, 'NoSuchBucket'))
    await assert.rejects(service.api.listParts(UPLOAD, {}, {}), uploadError('NO_SUCH_UPLOAD', 'NoSuchKey'))
    await assert.rejects(service.api.listParts(UPLOAD, {}, {}), uploadError('NOT_FOUND', 'NoSuchBucket'))
  })
})

describe('the checksum of S3', () => {
  it('is CRC-32 on AWS and MD5 on other services, unless another one is chosen', () => {
    assert.equal(s3Dialect({ bucket: 'bkt' }).checksums.own?.algorithm, 'crc32')
    assert.equal(s3Dialect({ bucket: 'bkt', endpoint: 'a.example' }).checksums.own, undefined)
    assert.equal(s3Dialect({ bucket: 'bkt', endpoint: 'a.example' }).checksums.sendsMd5OfParts, true)
    assert.equal(s3Dialect({ bucket: 'bkt', checksum: 'crc64nvme' }).checksums.own?.algorithm, 'crc64nvme')
    assert.throws(
      () => s3Dialect({ bucket: 'bkt', checksum: 'sha1' as never }),
      invalidOption('checksum ', "(got 'sha1')", "'crc32', 'crc64nvme', 'md5'"),
    )
  })

  it('by CRC-32 is announced, sent with each part and with Complete', async (t) => {
    const service = await s3Service(t, { checksum: 'crc32' })
    service.script(
      { body: '<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>' },
      partReply({ 'x-amz-checksum-crc32': CRC32 }),
      partReply({ 'x-amz-checksum-crc32': CRC32 }),
    )
    await service.api.initiateMultipartUpload('a key', {}, {})
    const parts = []
    for (const partNumber of [1, 2]) {
      const receipt = await service.api.uploadPart({ ...UPLOAD, partNumber, body: BODY }, {}, {})
      assert.deepEqual(receipt, { etag: `"${MD5}"`, checksum: CRC32 })
      parts.push({ partNumber, size: BYTES.length, ...receipt })
    }
    const whole = combineChecksums('crc32', [
      { value: CRC32, size: 1000 },
      { value: CRC32, size: 1000 },
    ])
    service.script({
      body: `\n\n  <?xml version="1.0"?><CompleteMultipartUploadResult><ETag>"E-2"</ETag><ChecksumCRC32>${whole ?? ''}</ChecksumCRC32></CompleteMultipartUploadResult>`,
    })
    const stored = await service.api.completeMultipartUpload(UPLOAD, parts, {}, {})
    assert.deepEqual(stored, { etag: '"E-2"', checksum: { algorithm: 'crc32', value: whole }, requestId: '' })

    const initiate = service.requests[0]!
    const part = service.requests[1]!
    const complete = service.requests[3]!
    assert.equal(initiate.headers['x-amz-checksum-algorithm'], 'CRC32')
    assert.equal(initiate.headers['x-amz-checksum-type'], 'FULL_OBJECT')
    assert.equal(part.headers['x-amz-checksum-crc32'], CRC32)
    assert.equal(part.headers['content-md5'], undefined)
    assert.equal(complete.headers['x-amz-checksum-crc32'], whole)
    assert.equal(complete.headers['x-amz-checksum-type'], 'FULL_OBJECT')
    assert.equal(complete.headers['x-amz-mp-object-size'], '2000')
    assert.match(String(complete.body), new RegExp(`</ETag><ChecksumCRC32>${CRC32}</ChecksumCRC32></Part>`))
  })

  it('is not sent with Complete if the service did not return those of all parts', async (t) => {
    const service = await s3Service(t, { checksum: 'crc32' })
    service.script({ body: '<CompleteMultipartUploadResult><ETag/></CompleteMultipartUploadResult>' })
    const parts = [
      { partNumber: 1, etag: '"a"', size: 1, checksum: CRC32 },
      { partNumber: 2, etag: '"b"', size: 1 },
    ]
    const stored = await service.api.completeMultipartUpload(UPLOAD, parts, {}, {})
    assert.deepEqual(stored, { etag: '', requestId: '' })
    assert.deepEqual(
      Object.keys(service.requests[0]?.headers ?? {}).filter((name) => /checksum|mp-object/.test(name)),
      [],
    )
  })

  it('by MD5 goes with each part as Content-MD5', async (t) => {
    const service = await s3Service(t)
    service.script(partReply())
    const receipt = await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, {}, {})
    assert.deepEqual(receipt, { etag: `"${MD5}"` })
    assert.equal(service.requests[0]?.headers['content-md5'], Buffer.from(MD5, 'hex').toString('base64'))
  })

  for (const [what, options, headers] of [
    ['CRC-32 that the service tells', { checksum: 'crc32' }, { 'x-amz-checksum-crc32': otherCrc32 }],
    ['ETag, where the service tells no CRC-32', { checksum: 'crc32' }, { etag: `"${otherMd5}"` }],
    ['ETag', {}, { etag: `"${otherMd5.toUpperCase()}"` }],
    ['ETag of what the service encrypts by itself', {}, { etag: otherMd5, 'x-amz-server-side-encryption': 'AES256' }],
  ] as const) {
    it(`shows by the ${what} that a part was damaged, which is sent again`, async (t) => {
      const service = await s3Service(t, options)
      service.script(partReply(headers), partReply())
      await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, {}, {})
      assert.equal(service.requests.length, 2)
    })
  }

  it('must be shown: a part of which nothing is known is sent again with Content-MD5, as all after it', async (t) => {
    const kms = { etag: `"${'0'.repeat(32)}"`, 'x-amz-server-side-encryption': 'aws:kms' }
    for (const headers of [kms, { etag: '"opaque"' }]) {
      const service = await s3Service(t, { checksum: 'crc32' })
      service.script(partReply(headers), partReply(headers), partReply(headers))
      const retries: RetryNotice[] = []
      const context = { onRetry: (retry: RetryNotice) => retries.push(retry) }
      for (const partNumber of [1, 2]) await service.api.uploadPart({ ...UPLOAD, partNumber, body: BODY }, {}, context)
      assert.deepEqual(
        service.requests.map((request) => 'content-md5' in request.headers),
        [false, true, true],
      )
      assert.deepEqual(
        retries.map(({ partNumber }) => partNumber),
        [1],
      )
    }
  })

  it('need not be an ETag where the part has an MD5 that the service checks', async (t) => {
    for (const headers of [
      { etag: '"opaque"' },
      { etag: `"${otherMd5}"`, 'x-amz-server-side-encryption': 'aws:kms' },
      { etag: `"${otherMd5}"`, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
    ]) {
      const service = await s3Service(t)
      service.script(partReply(headers))
      await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, {}, {})
    }
    const service = await s3Service(t)
    service.script(partReply({ etag: `"${otherMd5}"` }))
    const options = { serverSideEncryption: { algorithm: 'aws:kms' } }
    await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, options, {})
  })

  it('of an object is requested, and used if it is of the whole object', async (t) => {
    const service = await s3Service(t, { checksum: 'crc32' })
    const base = { 'content-length': '7', etag: '"00000000000000000000000000000000-2"' }
    service.script(
      { headers: { ...base, 'x-amz-checksum-crc32': CRC32 } },
      { headers: { ...base, 'x-amz-checksum-crc32': `${CRC32}-2` } },
      { headers: { ...base, 'x-amz-server-side-encryption': 'aws:kms' } },
    )
    const heads = []
    for (let i = 0; i < 3; i += 1) heads.push(await service.api.headObject('k', {}))
    assert.equal(service.requests[0]?.headers['x-amz-checksum-mode'], 'ENABLED')
    assert.deepEqual(
      heads.map(({ checksum }) => checksum),
      [
        { algorithm: 'crc32', value: CRC32 },
        { algorithm: 'md5', value: '00000000000000000000000000000000-2' },
        undefined,
      ],
    )
  })

  it('of parts is in their list', async (t) => {
    const service = await s3Service(t, { checksum: 'crc32' })
    const part = `<Part><PartNumber>1</PartNumber><ETag>"E"</ETag><Size>7</Size><ChecksumCRC32>${CRC32}</ChecksumCRC32></Part>`
    service.script({ body: `<ListPartsResult>${part}<IsTruncated>false</IsTruncated></ListPartsResult>` })
    const { parts } = await service.api.listParts(UPLOAD, {}, {})
    assert.deepEqual(parts, [{ partNumber: 1, etag: '"E"', size: 7, checksum: CRC32 }])
  })
})

describe('an object that exists on S3', () => {
  const head = { headers: { 'content-length': '7', etag: '"E"' } }
  const absent = { status: 404 }
  const exists = uploadError('ALREADY_EXISTS', 'forbidOverwrite')
  const initiated = { body: '<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>' }
  const completed = { body: '<CompleteMultipartUploadResult><ETag>"E"</ETag></CompleteMultipartUploadResult>' }
  const PARTS = [{ partNumber: 1, etag: '"E"' }]
  const options = { forbidOverwrite: true }

  it('is checked before each request that might replace it', async (t) => {
    const service = await s3Service(t)
    service.script(head, head, head)
    await assert.rejects(service.api.putObject('k', BODY, options, {}), exists)
    await assert.rejects(service.api.initiateMultipartUpload('k', options, {}), exists)
    await assert.rejects(service.api.completeMultipartUpload(UPLOAD, PARTS, options, {}), exists)
    assert.deepEqual(
      service.requests.map(({ method }) => method),
      ['HEAD', 'HEAD', 'HEAD'],
    )
  })

  it('is named by the condition as well', async (t) => {
    const service = await s3Service(t)
    service.script(absent, partReply(), absent, initiated, absent, completed)
    await service.api.putObject('k', BODY, options, {})
    await service.api.initiateMultipartUpload('k', options, {})
    await service.api.completeMultipartUpload(UPLOAD, PARTS, options, {})
    assert.deepEqual(
      service.requests.map(({ method, headers }) => [method, headers['if-none-match']]),
      [
        ['HEAD', undefined],
        ['PUT', '*'],
        ['HEAD', undefined],
        ['POST', undefined],
        ['HEAD', undefined],
        ['POST', '*'],
      ],
    )
  })

  it('is what a refused condition means', async (t) => {
    const service = await s3Service(t)
    service.script(absent, refusal(412, 'PreconditionFailed'), absent, { status: 412 })
    for (let i = 0; i < 2; i += 1) {
      await assert.rejects(service.api.putObject('k', BODY, options, {}), uploadError('ALREADY_EXISTS', '412'))
    }
  })

  it('cannot be kept if it is unknown whether the object exists', async (t) => {
    const service = await s3Service(t)
    service.script({ status: 403 }, { status: 403 }, initiated)
    await assert.rejects(service.api.putObject('k', BODY, options, {}), uploadError('ACCESS_DENIED'))
    // What is begun here replaces nothing yet.
    await service.api.initiateMultipartUpload('k', options, {})
  })

  it('is not looked for at AWS, where the condition holds, but as a warning before much is sent', () => {
    assert.deepEqual(s3Dialect({ bucket: 'bkt' }).conditionalRequests, ['put', 'complete'])
  })
})

describe('a refusal of S3', () => {
  it('that another attempt overcomes is followed by one', async (t) => {
    for (const [status, code] of [
      [409, 'ConditionalRequestConflict'],
      [409, 'OperationAborted'],
      [400, 'BadDigest'],
      [400, 'XAmzContentSHA256Mismatch'],
      [400, 'RequestTimeout'],
      [503, 'SlowDown'],
    ] as const) {
      const service = await s3Service(t)
      service.script(refusal(status, code), partReply())
      await service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, {}, {})
      assert.equal(service.requests.length, 2, code)
    }
  })

  it('of a header that the service does not support is final', async (t) => {
    const service = await s3Service(t, { checksum: 'crc32' })
    service.script(refusal(501, 'NotImplemented', { message: 'Header x-amz-checksum-algorithm is not implemented' }))
    await assert.rejects(
      service.api.initiateMultipartUpload('k', {}, {}),
      uploadError('REJECTED', '501 NotImplemented', 'x-amz-checksum-algorithm'),
    )
    assert.equal(service.requests.length, 1)
  })

  const elsewhere: [why: string, reply: Reply, ...texts: string[]][] = [
    [
      'a redirect with its endpoint',
      {
        status: 301,
        body: '<Error><Code>PermanentRedirect</Code><Message>m</Message><Endpoint>b.s3.eu-west-1.amazonaws.com</Endpoint></Error>',
      },
      '301 PermanentRedirect',
      'the service returned the endpoint b.s3.eu-west-1.amazonaws.com',
    ],
    [
      'a redirect with its region alone',
      { status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      'the service returned the region eu-west-1',
    ],
    [
      'a redirect to a signed address',
      { status: 307, headers: { location: 'https://b.example:8443/k?X-Amz-Signature=TOPSECRET' } },
      'the service returned the endpoint b.example:8443',
    ],
    ['another region', refusalWith('<Region>eu-west-1</Region>'), 'the service returned the region eu-west-1'],
  ]
  for (const [why, reply, ...texts] of elsewhere) {
    it(`says where the request should have gone: ${why}`, async (t) => {
      const service = await s3Service(t)
      service.script(reply)
      await assert.rejects(service.api.initiateMultipartUpload('k', {}, {}), (error: Error) => {
        assert.ok(!error.message.includes('TOPSECRET'))
        return uploadError('REJECTED', ...texts)(error)
      })
      assert.equal(service.requests.length, 1)
    })
  }

  it('shows no customer key, even where the service repeats it', async (t) => {
    const customerKey = Buffer.from('0123456789abcdef0123456789abcdef')
    const service = await s3Service(t)
    service.script(refusal(400, 'InvalidArgument', { message: `the key ${customerKey.toString('base64')} is wrong` }))
    await assert.rejects(
      service.api.uploadPart({ ...UPLOAD, partNumber: 1, body: BODY }, { serverSideEncryption: { customerKey } }, {}),
      (error: Error) => uploadError('REJECTED', 'the key *** is wrong')(error),
    )
  })
})

function refusalWith(further: string): Reply {
  return {
    status: 400,
    body: `<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message>${further}</Error>`,
  }
}
