import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { formatCrc64 } from '../../../src/checksum/decimal.js'
import { obsSignature, obsStringToSign } from '../../../src/signing/obs.js'
import { obsDialect, type ObsDialectOptions } from '../../../src/stores/obs/obs-dialect.js'
import { someBytes } from '../../support/bytes.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import {
  bodyOf,
  CREDENTIALS,
  crc64Of,
  type Reply,
  type ScriptedService,
  scriptedService,
} from '../../support/scripted-service.js'

type Options = Omit<ObsDialectOptions, 'bucket' | 'endpoint'>

function obsService(t: Pick<TestContext, 'after'>, options: Options = {}): Promise<ScriptedService> {
  return scriptedService(t, { dialect: (endpoint) => obsDialect({ bucket: 'bucket', endpoint, ...options }) })
}

const UPLOAD = { key: 'a key', uploadId: 'U' }
const BYTES = someBytes(1000)
const BODY = bodyOf(BYTES)
const CRC64 = formatCrc64(crc64Of(BYTES))
const MD5 = await BODY.checksum('md5')
const PART = { ...UPLOAD, partNumber: 1, body: BODY }

function partReply(headers: Record<string, string> = {}): Reply {
  return { headers: { etag: `"${MD5}"`, ...headers } }
}

describe('a request to OBS', () => {
  for (const [signatureVersion, mode, scheme, prefix] of [
    ['obs', 'obs', 'OBS', 'x-obs-'],
    ['v2', 'aws', 'AWS', 'x-amz-'],
  ] as const) {
    it(`is signed by ${scheme}, with headers of ${prefix}`, async (t) => {
      const service = await obsService(t, { signatureVersion })
      service.script(partReply())
      await service.api.uploadPart(PART, {}, {})
      const { headers, url } = service.requests[0]!
      assert.equal(url, '/bucket/a%20key?partNumber=1&uploadId=U')
      assert.equal(headers[`${prefix}security-token`], CREDENTIALS.securityToken)
      assert.equal(headers[`${prefix}checksum-crc64ecma`], CRC64)
      const query = [
        ['partNumber', '1'],
        ['uploadId', 'U'],
      ] as const
      const signed = {
        method: 'PUT',
        bucket: 'bucket',
        key: 'a key',
        query,
        headers: headers as Record<string, string>,
      }
      const signature = obsSignature(obsStringToSign(signed, { mode }), CREDENTIALS)
      assert.equal(headers.authorization, `${scheme} ${CREDENTIALS.accessKeyId}:${signature}`)
      assert.ok(Math.abs(Date.parse(headers.date ?? '') - Date.now()) < 60_000)
    })
  }

  it('is signed by SigV4 with a region, which must be known', async (t) => {
    const service = await obsService(t, { signatureVersion: 'v4', region: 'cn-north-4' })
    service.script(partReply())
    await service.api.uploadPart(PART, {}, {})
    const { headers } = service.requests[0]!
    assert.match(headers.authorization ?? '', /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/cn-north-4\/s3\/aws4_request, /)
    assert.equal(headers['x-amz-content-sha256'], 'UNSIGNED-PAYLOAD')
    assert.throws(
      () => obsDialect({ bucket: 'bucket', endpoint: 'a.example', signatureVersion: 'v4' }),
      invalidOption('region is missing', 'version 4'),
    )
    assert.throws(
      () => obsDialect({ bucket: 'bucket', region: 'r', signatureVersion: 4 as never }),
      invalidOption('signatureVersion ', '(got 4)', "'obs', 'v2', 'v4'"),
    )
  })

  it('names the custom domain in its signature', async (t) => {
    const service = await scriptedService(t, {
      dialect: (endpoint) => obsDialect({ bucket: 'bucket', endpoint, addressing: 'cname' }),
    })
    service.script(partReply())
    await service.api.uploadPart(PART, {}, {})
    const { headers, url } = service.requests[0]!
    assert.equal(url, '/a%20key?partNumber=1&uploadId=U')
    const query = [
      ['partNumber', '1'],
      ['uploadId', 'U'],
    ] as const
    const signed = { method: 'PUT', bucket: 'bucket', key: 'a key', query, headers: headers as Record<string, string> }
    const signature = obsSignature(obsStringToSign(signed, { domain: '127.0.0.1' }), CREDENTIALS)
    assert.equal(headers.authorization, `OBS ${CREDENTIALS.accessKeyId}:${signature}`)
  })
})

describe('the checksum of OBS', () => {
  it('is compared with ours if the service returns it, and sent with Complete then', async (t) => {
    const service = await obsService(t)
    service.script(partReply({ 'x-obs-checksum-crc64ecma': CRC64 }), {
      body: '<CompleteMultipartUploadResult><ETag>"E"</ETag></CompleteMultipartUploadResult>',
    })
    const receipt = await service.api.uploadPart(PART, {}, {})
    assert.deepEqual(receipt, { etag: `"${MD5}"`, checksum: CRC64 })
    await service.api.completeMultipartUpload(UPLOAD, [{ partNumber: 1, size: 1000, ...receipt }], {}, {})
    assert.equal(service.requests[1]?.headers['x-obs-checksum-crc64ecma'], CRC64)
  })

  it('is the ETag if the cluster does not support it', async (t) => {
    const other = await bodyOf(someBytes(1000, 2)).checksum('md5')
    const service = await obsService(t)
    service.script(partReply({ etag: `"${other}"` }), partReply(), {
      body: '<CompleteMultipartUploadResult><ETag>"E"</ETag></CompleteMultipartUploadResult>',
    })
    const receipt = await service.api.uploadPart(PART, {}, {})
    assert.deepEqual(receipt, { etag: `"${MD5}"` })
    assert.equal(service.requests.length, 2)
    await service.api.completeMultipartUpload(UPLOAD, [{ partNumber: 1, size: 1000, ...receipt }], {}, {})
    assert.equal(service.requests[2]?.headers['x-obs-checksum-crc64ecma'], undefined)
  })

  it('is Content-MD5 if that is chosen', async (t) => {
    const service = await obsService(t, { checksum: 'md5' })
    service.script(partReply())
    await service.api.uploadPart(PART, {}, {})
    const { headers } = service.requests[0]!
    assert.equal(headers['content-md5'], Buffer.from(MD5, 'hex').toString('base64'))
    assert.equal(headers['x-obs-checksum-crc64ecma'], undefined)
    assert.throws(
      () => obsDialect({ bucket: 'bucket', region: 'r', checksum: 'crc32' as never }),
      invalidOption('checksum ', "(got 'crc32')", "'crc64ecma', 'md5'"),
    )
  })
})

describe('the encryption that OBS reports', () => {
  it('is the upload that created an object', async (t) => {
    const service = await obsService(t)
    service.script({ headers: { 'content-length': '1', etag: '"E"', 'x-obs-uploadId': 'U' } })
    assert.equal((await service.api.headObject('k', {})).uploadId, 'U')
  })

  it('is an error in headers if there is no body', async (t) => {
    const service = await obsService(t)
    const headers = {
      'x-obs-error-code': 'NoSuchKey',
      'x-obs-error-message': 'a < b',
      'x-obs-request-id': 'R',
    }
    service.script({ status: 404, headers })
    await assert.rejects(service.api.headObject('k', {}), uploadError('NOT_FOUND', '404 NoSuchKey: a < b', 'R'))
  })
})
