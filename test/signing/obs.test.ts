import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { obsSignature, obsStringToSign, presignObs, signObs } from '../../src/signing/obs.js'
import type { SignableRequest } from '../../src/signing/signable-request.js'
import { signatureVectors } from '../support/vectors.js'

const credentials = { accessKeyId: 'testAccessKeyId', accessKeySecret: 'testSecretAccessKey' }
const request: SignableRequest = { method: 'PUT', bucket: 'examplebucket', key: 'k', query: [], headers: {} }
const date = new Date('2025-11-21T02:00:00Z')

for (const [scheme, mode] of [
  ['obs-header', 'obs'],
  ['obs-aws2-header', 'aws'],
] as const) {
  describe(`the signature of OBS in headers, ${mode} mode`, () => {
    for (const { id, inputs, result } of signatureVectors(scheme)) {
      const signable = { ...inputs, query: inputs.query ?? [] }
      const keys = { accessKeyId: inputs.ak, accessKeySecret: inputs.sk }

      it(`agrees with ${id}`, () => {
        const stringToSign = obsStringToSign(signable, { mode })
        assert.equal(stringToSign, result.stringToSign)
        assert.equal(obsSignature(stringToSign, keys), result.signature)
      })

      const time = inputs.headers['Date']
      if (time === undefined) continue
      it(`sends the authorization of ${id}`, () => {
        const headers = Object.fromEntries(Object.entries(inputs.headers).filter(([name]) => name !== 'Date'))
        const sent = signObs({ ...signable, headers }, keys, { mode, date: new Date(time) })
        assert.equal(sent['authorization'], result.authorization)
        assert.equal(sent['date'], time)
      })
    }
  })
}

describe('the signature of OBS', () => {
  it('covers the token of temporary credentials', () => {
    const temporary = { ...credentials, securityToken: 'token' }
    for (const [mode, name] of [
      ['obs', 'x-obs-security-token'],
      ['aws', 'x-amz-security-token'],
    ] as const) {
      const headers = signObs(request, temporary, { mode, date })
      assert.equal(headers[name], 'token')
      const stringToSign = obsStringToSign({ ...request, headers }, { mode })
      assert.match(stringToSign, new RegExp(`^${name}:token$`, 'm'))
      const scheme = mode.toUpperCase()
      const signature = obsSignature(stringToSign, credentials)
      assert.equal(headers['authorization'], `${scheme} testAccessKeyId:${signature}`)
    }
  })

  it('names a custom domain instead of the bucket', () => {
    const stringToSign = obsStringToSign({ ...request, key: 'a b' }, { domain: 'files.example.com' })
    assert.equal(stringToSign.split('\n').at(-1), '/files.example.com/a%20b')
  })

  it('includes sub-resources in any case, unchanged, and nothing else', () => {
    const query = ['uploadId', 'partNumber', 'encoding-type', 'max-parts', 'STORAGECLASS'].map(
      (name) => [name, name === 'STORAGECLASS' ? '' : 'v/1'] as const,
    )
    const stringToSign = obsStringToSign({ ...request, query })
    assert.equal(stringToSign.split('\n').at(-1), '/examplebucket/k?STORAGECLASS&partNumber=v/1&uploadId=v/1')
  })
})

describe('the signature of OBS in a URL', () => {
  const expiresAt = new Date(1763690400_000)

  it('has the end of its validity in the place of the date', () => {
    const query = presignObs({ ...request, method: 'GET' }, credentials, { expiresAt })
    const signature = obsSignature('GET\n\n\n1763690400\n/examplebucket/k', credentials)
    assert.deepEqual(query, [
      ['AccessKeyId', 'testAccessKeyId'],
      ['Expires', '1763690400'],
      ['Signature', signature],
    ])
  })

  it('covers the token as a sub-resource', () => {
    const temporary = { ...credentials, securityToken: 'token' }
    const query = presignObs({ ...request, method: 'GET' }, temporary, { expiresAt, mode: 'aws' })
    const signature = obsSignature('GET\n\n\n1763690400\n/examplebucket/k?x-amz-security-token=token', credentials)
    assert.deepEqual(query, [
      ['x-amz-security-token', 'token'],
      ['AWSAccessKeyId', 'testAccessKeyId'],
      ['Expires', '1763690400'],
      ['Signature', signature],
    ])
  })
})
