import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { percentEncode, percentEncodeKey } from '../../src/signing/percent-encoding.js'
import { presignSigV4, signSigV4, sigV4CanonicalRequest, sigV4StringToSign } from '../../src/signing/sigv4.js'
import { signatureVectors } from '../support/vectors.js'

describe('SigV4 in headers', () => {
  for (const { id, inputs, result } of signatureVectors('s3-v4-header')) {
    it(`agrees with ${id}`, () => {
      const request = { ...inputs, path: percentEncodeKey(inputs.rawPath!), query: inputs.query ?? [] }
      const credentials = { accessKeyId: inputs.ak, accessKeySecret: inputs.sk, securityToken: inputs.token }
      const context = {
        region: inputs.region!,
        date: new Date(inputs.time! * 1000),
        payloadHash: inputs.payloadHash!,
      }
      const headers = signSigV4(request, credentials, context)
      assert.equal(headers['authorization'], result.authorization)

      const signed = { ...request, headers: { ...request.headers, ...headers } }
      const canonical = sigV4CanonicalRequest(signed, inputs.payloadHash!)
      assert.equal(canonical.text, result.canonicalRequest)
      const dateTime = headers['x-amz-date']!
      const scope = `${dateTime.slice(0, 8)}/${context.region}/s3/aws4_request`
      assert.equal(sigV4StringToSign(canonical.text, dateTime, scope), result.stringToSign)
    })
  }

  it('signs what must not change in transit, and nothing that may', () => {
    const headers = { Host: 'h', 'Content-Length': '1', 'User-Agent': 'a', Expect: '100-continue', 'X-Amz-Meta-A': 'b' }
    const request = { method: 'PUT', path: '/k', query: [], headers }
    const { signedHeaders } = sigV4CanonicalRequest(request, 'UNSIGNED-PAYLOAD')
    assert.equal(signedHeaders, 'content-length;host;x-amz-meta-a')
  })

  it('squeezes the spaces within a value', () => {
    const request = { method: 'PUT', path: '/k', query: [], headers: { host: 'h', 'x-amz-meta-a': '  b   c  ' } }
    assert.match(sigV4CanonicalRequest(request, '').text, /^x-amz-meta-a:b c$/m)
  })
})

describe('SigV4 in a URL', () => {
  for (const { id, inputs, result } of signatureVectors('s3-v4-query')) {
    it(`agrees with ${id}`, () => {
      const request = { ...inputs, path: percentEncodeKey(inputs.rawPath!), query: inputs.query ?? [] }
      const query = presignSigV4(
        request,
        { accessKeyId: inputs.ak, accessKeySecret: inputs.sk, securityToken: inputs.token },
        { region: inputs.region!, date: new Date(inputs.time! * 1000), expiresInSeconds: inputs.expires! },
      )
      assert.deepEqual(query.at(-1), ['X-Amz-Signature', result.signature])
      const unsigned = { ...request, query: query.slice(0, -1) }
      assert.equal(sigV4CanonicalRequest(unsigned, 'UNSIGNED-PAYLOAD').text, result.canonicalRequest)
    })
  }

  it('covers the token of temporary credentials', () => {
    const query = presignSigV4(
      { method: 'GET', path: '/k', query: [], headers: { host: 'h' } },
      { accessKeyId: 'a', accessKeySecret: 's', securityToken: 't/+=' },
      { region: 'us-east-1', date: new Date(0), expiresInSeconds: 60 },
    )
    assert.ok(query.some(([name, value]) => name === 'X-Amz-Security-Token' && percentEncode(value) === 't%2F%2B%3D'))
  })
})
