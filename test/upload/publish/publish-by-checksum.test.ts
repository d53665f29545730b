import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { combineChecksums } from '../../../src/checksum/checksum.js'
import { combineCrc64 } from '../../../src/checksum/combine.js'
import type { Dialect } from '../../../src/stores/dialect.js'
import { obsDialect } from '../../../src/stores/obs/obs-dialect.js'
import type { ObjectOptions } from '../../../src/stores/object/object-options.js'
import { s3Dialect } from '../../../src/stores/s3/s3-dialect.js'
import type { CompletedPart, StoredObject } from '../../../src/stores/store-driver.js'
import { completeVerified, putVerified } from '../../../src/upload/publish/publish.js'
import { someBytes } from '../../support/bytes.js'
import { uploadError } from '../../support/errors.js'
import {
  bodyOf,
  refusal,
  type Reply,
  reset,
  type ScriptedService,
  scriptedService,
} from '../../support/scripted-service.js'

type Service = 's3' | 's3 with CRC-32' | 'obs'

const DIALECTS: Record<Service, (endpoint: string) => Dialect> = {
  s3: (endpoint) => s3Dialect({ bucket: 'bucket', endpoint }),
  's3 with CRC-32': (endpoint) => s3Dialect({ bucket: 'bucket', endpoint, checksum: 'crc32' }),
  obs: (endpoint) => obsDialect({ bucket: 'bucket', endpoint }),
}

function serviceOf(t: Pick<TestContext, 'after'>, service: Service): Promise<ScriptedService> {
  return scriptedService(t, { dialect: DIALECTS[service], retry: { maxAttempts: 2 } })
}

const BYTES = [someBytes(1000, 1), someBytes(500, 2)]
const BODIES = BYTES.map(bodyOf)
const WHOLE = bodyOf(Buffer.concat(BYTES))
const MD5S = await Promise.all(BODIES.map((body) => body.checksum('md5')))
const CRC32S = await Promise.all(BODIES.map((body) => body.checksum('crc32')))
const MD5 = await WHOLE.checksum('md5')
const CRC32 = await WHOLE.checksum('crc32')
const ETAG = combineChecksums(
  'md5',
  MD5S.map((value) => ({ value, size: 0 })),
)!
const SIZE = String(WHOLE.size)

const PARTS: readonly CompletedPart[] = BODIES.map(({ size }, index) => ({
  partNumber: index + 1,
  size,
  etag: `"${MD5S[index] ?? ''}"`,
}))
const PARTS_WITH_CRC32 = PARTS.map((part, index) => ({ ...part, checksum: CRC32S[index] }))

function put(service: ScriptedService, options: ObjectOptions = {}): Promise<StoredObject> {
  return putVerified(service.api, 'k', WHOLE, options, {})
}

function complete(
  service: ScriptedService,
  parts: readonly CompletedPart[] = PARTS,
  options: ObjectOptions = {},
): Promise<StoredObject> {
  const whole = { size: WHOLE.size, crc64: WHOLE.crc64 }
  return completeVerified(service.api, { key: 'k', uploadId: 'U' }, parts, whole, options, {})
}

function completed(etag: string, further = ''): Reply {
  return { body: `<CompleteMultipartUploadResult><ETag>${etag}</ETag>${further}</CompleteMultipartUploadResult>` }
}

function head(headers: Record<string, string>): Reply {
  return { headers: { 'content-length': SIZE, ...headers } }
}

function methods(service: ScriptedService): string {
  return service.requests.map(({ method }) => method).join(' ')
}

it('the parts are the whole', () => {
  const [first, second] = BODIES
  assert.equal(combineCrc64(first!.crc64, second!.crc64, 500), WHOLE.crc64)
})

describe('an object that is published', () => {
  const answers: [how: string, service: Service, answer: Reply, parts: readonly CompletedPart[], value: string][] = [
    ['its ETag, the MD5 of the MD5s', 's3', completed(`"${ETAG}"`), PARTS, ETAG],
    ['its ETag in another case', 's3', completed(`&quot;${ETAG.toUpperCase()}&quot;`), PARTS, ETAG],
    [
      'its CRC-32, combined from the parts',
      's3 with CRC-32',
      completed('"opaque"', `<ChecksumCRC32>${CRC32}</ChecksumCRC32>`),
      PARTS_WITH_CRC32,
      CRC32,
    ],
    ['its ETag where the service tells no CRC-32', 's3 with CRC-32', completed(`"${ETAG}"`), PARTS, ETAG],
    [
      'its CRC-64 in a header',
      'obs',
      { ...completed('"opaque"'), headers: { 'x-obs-checksum-crc64ecma': String(WHOLE.crc64) } },
      PARTS,
      String(WHOLE.crc64),
    ],
  ]
  for (const [how, name, answer, parts, value] of answers) {
    it(`is known by ${how}, without another request`, async (t) => {
      const service = await serviceOf(t, name)
      service.script(answer)
      assert.equal((await complete(service, parts)).checksum?.value, value)
      assert.equal(methods(service), 'POST')
    })
  }

  it('is looked at if the response has no ETag, as with Ceph', async (t) => {
    const service = await serviceOf(t, 's3')
    service.script({ body: '<CompleteMultipartUploadResult><ETag/></CompleteMultipartUploadResult>' })
    service.script(head({ etag: `"${ETAG}"` }))
    const { etag, checksum } = await complete(service)
    assert.equal(etag, `"${ETAG}"`)
    assert.deepEqual(checksum, { algorithm: 'md5', value: ETAG })
    assert.equal(methods(service), 'POST HEAD')
  })

  it('is known by its size where it is encrypted with a key that makes its ETag no MD5', async (t) => {
    const kms = { 'x-amz-server-side-encryption': 'aws:kms' }
    const service = await serviceOf(t, 's3')
    service.script({ ...completed(`"${MD5}-2"`), headers: kms }, head({ etag: `"${MD5}-2"`, ...kms }))
    assert.equal((await complete(service)).checksum, undefined)
    service.script({ ...completed(`"${MD5}-2"`), headers: kms }, head({ ...kms, 'content-length': '7' }))
    await assert.rejects(complete(service), uploadError('CHECKSUM_MISMATCH', '7 bytes without a checksum'))
  })

  it('is looked at with the key that it was encrypted with', async (t) => {
    const service = await serviceOf(t, 's3')
    const customerKey = Buffer.alloc(32, 9)
    const encryption = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }
    service.script({ headers: { etag: '"opaque"', ...encryption } }, head({ etag: '"opaque"', ...encryption }))
    await put(service, { serverSideEncryption: { customerKey } })
    assert.equal(methods(service), 'PUT HEAD')
    const { headers } = service.requests[1]!
    assert.equal(headers['x-amz-server-side-encryption-customer-key'], customerKey.toString('base64'))
  })

  it('must be the one that was sent', async (t) => {
    const wrong = `${MD5}-2`
    const service = await serviceOf(t, 's3')
    service.script(completed(`"${wrong}"`))
    await assert.rejects(
      complete(service),
      uploadError('CHECKSUM_MISMATCH', `with MD5 ${wrong}`, `${SIZE} bytes with MD5 ${ETAG} were sent`),
    )
    assert.equal(methods(service), 'POST')

    const crc = await serviceOf(t, 's3 with CRC-32')
    crc.script(completed('"E"', '<ChecksumCRC32>AAAAAA==</ChecksumCRC32>'))
    await assert.rejects(complete(crc, PARTS_WITH_CRC32), uploadError('CHECKSUM_MISMATCH', 'CRC-32 AAAAAA=='))

    const obs = await serviceOf(t, 'obs')
    obs.script({ headers: { etag: `"${MD5}"`, 'x-obs-checksum-crc64ecma': '7' } })
    obs.script({ headers: { etag: `"${MD5}"`, 'x-obs-checksum-crc64ecma': '7' } })
    await assert.rejects(put(obs), uploadError('CHECKSUM_MISMATCH', 'its CRC-64 is 7'))
  })
})

const SAME_CRC64 = { etag: '"E"', 'x-obs-checksum-crc64ecma': String(WHOLE.crc64) }

describe('an object of which the response was lost', () => {
  const settled: [how: string, service: Service, headers: Record<string, string>][] = [
    ['its ETag', 's3', { etag: `"${ETAG}"` }],
    ['its CRC-32', 's3 with CRC-32', { etag: '"opaque"', 'x-amz-checksum-crc32': CRC32 }],
    ['the id of the upload that it comes from', 'obs', { etag: '"opaque"', 'x-obs-uploadId': 'U' }],
    ['its CRC-64', 'obs', { etag: '"opaque"', 'x-obs-checksum-crc64ecma': String(WHOLE.crc64) }],
  ]
  for (const [how, name, headers] of settled) {
    it(`is found by ${how}`, async (t) => {
      const service = await serviceOf(t, name)
      service.script(reset, refusal(404, 'NoSuchUpload'), head(headers))
      await complete(service, name === 's3 with CRC-32' ? PARTS_WITH_CRC32 : PARTS)
      assert.equal(methods(service), 'POST POST HEAD')
    })
  }

  it('is found where it was put, by its MD5', async (t) => {
    const service = await serviceOf(t, 's3')
    const date = 'Mon, 03 Jun 2024 10:00:00 GMT'
    const times = { date, 'last-modified': 'Mon, 03 Jun 2024 10:00:02 GMT' }
    service.script(reset, reset, head({ etag: `"${MD5}"`, ...times }))
    assert.equal((await put(service)).etag, `"${MD5}"`)
    assert.equal(methods(service), 'PUT PUT HEAD')
  })

  it('is found where the first attempt stored it, and the second one must not replace it', async (t) => {
    const service = await serviceOf(t, 's3')
    service.script({ status: 404 }, reset, refusal(412, 'PreconditionFailed'), head({ etag: `"${MD5}"` }))
    await put(service, { forbidOverwrite: true })
    assert.equal(methods(service), 'HEAD PUT PUT HEAD')
  })

  it('is put again where the same bytes were there before, by the clock of the service', async (t) => {
    const service = await serviceOf(t, 's3')
    const times = { date: 'Mon, 03 Jun 2024 10:00:00 GMT', 'last-modified': 'Mon, 03 Jun 2024 09:00:00 GMT' }
    service.script(reset, reset, head({ etag: `"${MD5}"`, ...times }), { headers: { etag: `"${MD5}"` } })
    await put(service)
    assert.equal(methods(service), 'PUT PUT HEAD PUT')
  })

  it('is completed again where the upload exists', async (t) => {
    const service = await serviceOf(t, 's3')
    const parts = { body: '<ListPartsResult><IsTruncated>false</IsTruncated></ListPartsResult>' }
    service.script(reset, reset, head({ etag: `"${ETAG}"` }), parts, completed(`"${ETAG}"`))
    await complete(service)
    assert.equal(methods(service), 'POST POST HEAD GET POST')
  })

  const notOurs: [what: string, service: Service, headers: Record<string, string>][] = [
    ['has another ETag', 's3', { etag: `"${MD5}-2"` }],
    ['was put in one request', 's3', { etag: `"${MD5}"` }],
    ['shows nothing but its size', 's3', { etag: '"opaque"' }],
    ['has another size', 's3', { etag: `"${ETAG}"`, 'content-length': '7' }],
    ['has another CRC-64', 'obs', { etag: '"E"', 'x-obs-checksum-crc64ecma': '7', 'x-obs-uploadId': 'U' }],
    ['comes from another upload', 'obs', { etag: '"opaque"', 'x-obs-uploadId': 'V' }],
    ['comes from another upload of the same bytes', 'obs', { ...SAME_CRC64, 'x-obs-uploadId': 'V' }],
  ]
  for (const [what, name, headers] of notOurs) {
    it(`is not one that ${what}`, async (t) => {
      const service = await serviceOf(t, name)
      service.script(reset, refusal(404, 'NoSuchUpload'), head(headers), refusal(404, 'NoSuchUpload'), head(headers))
      await assert.rejects(complete(service), uploadError('NO_SUCH_UPLOAD'))
    })
  }
})
