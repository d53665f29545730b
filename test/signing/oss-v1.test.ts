import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ossV1Signature, ossV1StringToSign, presignOssV1, signOssV1 } from '../../src/signing/oss-v1.js'
import { signatureVectors } from '../support/vectors.js'

describe('OSS signature V1 in headers', () => {
  for (const { id, inputs, result } of signatureVectors('oss-v1-header')) {
    const token: Record<string, string> = inputs.token === undefined ? {} : { 'x-oss-security-token': inputs.token }
    const request = { ...inputs, query: inputs.query ?? [], headers: { ...inputs.headers, ...token } }
    const credentials = { accessKeyId: inputs.ak, accessKeySecret: inputs.sk, securityToken: inputs.token }

    it(`agrees with ${id}`, () => {
      const stringToSign = ossV1StringToSign(request)
      assert.equal(stringToSign, result.stringToSign)
      assert.equal(ossV1Signature(stringToSign, credentials), result.signature)
    })

    const date = inputs.headers['x-oss-date']
    if (date === undefined) continue
    it(`sends the authorization of ${id}`, () => {
      const headers = signOssV1(request, credentials, { date: new Date(date) })
      assert.equal(headers['authorization'], result.authorization)
    })
  }
})

describe('OSS signature V1 in a URL', () => {
  for (const { id, inputs, result } of signatureVectors('oss-v1-query')) {
    it(`agrees with ${id}`, () => {
      const query = presignOssV1(
        { ...inputs, query: inputs.query ?? [] },
        { accessKeyId: inputs.ak, accessKeySecret: inputs.sk, securityToken: inputs.token },
        { expiresAt: new Date(inputs.expiresAt! * 1000) },
      )
      assert.deepEqual(query.at(-1), ['Signature', result.signature])
    })
  }
})
