import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatOssV4Date,
  ossV4CanonicalRequest,
  ossV4StringToSign,
  presignOssV4,
  signOssV4,
} from '../../src/signing/oss-v4.js'
import { percentEncode } from '../../src/signing/percent-encoding.js'
import { signatureVectors } from '../support/vectors.js'

describe('OSS signature V4 in headers', () => {
  for (const { id, inputs, result } of signatureVectors('oss-v4-header')) {
    it(`agrees with ${id}`, () => {
      const request = { ...inputs, query: inputs.query ?? [] }
      const credentials = { accessKeyId: inputs.ak, accessKeySecret: inputs.sk, securityToken: inputs.token }
      const context = {
        region: inputs.region!,
        product: inputs.product!,
        date: new Date(inputs.time! * 1000),
        additionalHeaders: inputs.additionalHeaders ?? [],
      }
      const headers = signOssV4(request, credentials, context)
      assert.equal(headers['authorization'], result.authorization)

      const additional = /AdditionalHeaders=([^,]*)/.exec(result.authorization!)?.[1]?.split(';') ?? []
      const canonical = ossV4CanonicalRequest({ ...request, headers: { ...request.headers, ...headers } }, additional)
      assert.equal(canonical, result.canonicalRequest)
      const dateTime = formatOssV4Date(context.date)
      const scope = `${dateTime.slice(0, 8)}/${context.region}/${context.product}/aliyun_v4_request`
      assert.equal(ossV4StringToSign(canonical, dateTime, scope), result.stringToSign)
    })
  }
})

describe('OSS signature V4 in a URL', () => {
  for (const { id, inputs, result } of signatureVectors('oss-v4-query')) {
    it(`agrees with ${id}`, () => {
      const query = presignOssV4(
        { ...inputs, query: inputs.query ?? [] },
        { accessKeyId: inputs.ak, accessKeySecret: inputs.sk, securityToken: inputs.token },
        {
          region: inputs.region!,
          product: inputs.product!,
          date: new Date(inputs.time! * 1000),
          additionalHeaders: inputs.additionalHeaders ?? [],
          expiresInSeconds: inputs.expires!,
        },
      )
      assert.deepEqual(query.at(-1), ['x-oss-signature', result.signature])
      const pairs = query.map(([name, value]) => percentEncode(name) + (value === '' ? '' : `=${percentEncode(value)}`))
      assert.deepEqual(pairs.sort(), result.signedQuery!.split('&').sort())
    })
  }
})

describe('the canonical query of OSS V4', () => {
  it('is sorted by bytes, not by a locale', () => {
    const names = ['_', '-x', 'partNumber', 'uploadId', 'uploads', 'Z']
    const canonical = ossV4CanonicalRequest(
      { method: 'GET', bucket: 'b', query: names.map((name) => [name, ''] as const), headers: {} },
      [],
    )
    assert.equal(canonical.split('\n')[2], '-x&Z&_&partNumber&uploadId&uploads')
  })
})
