import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ObjectRequest } from '../../../src/stores/object/option-table.js'
import type { ObjectOptions } from '../../../src/stores/object/object-options.js'
import { ObjectHeaders } from '../../../src/stores/object/object-headers.js'
import { type ObsHeaderPrefix, obsObjectOptions } from '../../../src/stores/obs/obs-object-options.js'
import { invalidOption } from '../../support/errors.js'

const REQUESTS: readonly ObjectRequest[] = ['put', 'initiate', 'part', 'complete', 'read']

const KEY = Buffer.alloc(32, 7)

function headersOf(options: unknown, request: ObjectRequest, prefix: ObsHeaderPrefix): Record<string, string> {
  return new ObjectHeaders(obsObjectOptions({ prefix, isConfidential: true })).on(request, options as ObjectOptions)
}

function refused(options: unknown, ...texts: string[]): void {
  for (const request of REQUESTS) {
    for (const prefix of ['x-obs-', 'x-amz-'] as const) {
      assert.throws(() => headersOf(options, request, prefix), invalidOption(...texts))
    }
  }
}

describe("an object's options on OBS", () => {
  const everywhere = 'put initiate part complete read'
  const cases: readonly [
    options: ObjectOptions,
    obs: readonly [header: string, value: string],
    aws: readonly [header: string, value: string],
    requests: string,
  ][] = [
    [{ metadata: { A: 'b' } }, ['x-obs-meta-a', 'b'], ['x-amz-meta-a', 'b'], 'put initiate'],
    [
      { acl: 'public-read-delivered' },
      ['x-obs-acl', 'public-read-delivered'],
      ['x-amz-acl', 'public-read-delivered'],
      'put initiate',
    ],
    [{ storageClass: 'WARM' }, ['x-obs-storage-class', 'WARM'], ['x-amz-storage-class', 'STANDARD_IA'], 'put initiate'],
    [{ storageClass: 'COLD' }, ['x-obs-storage-class', 'COLD'], ['x-amz-storage-class', 'GLACIER'], 'put initiate'],
    [{ tagging: { a: 'b c' } }, ['x-obs-tagging', 'a=b%20c'], ['x-amz-tagging', 'a=b%20c'], 'put initiate'],
    [{ expireAfterDays: 30 }, ['x-obs-expires', '30'], ['x-obs-expires', '30'], 'put initiate'],
    [
      { serverSideEncryption: 'AES256' },
      ['x-obs-server-side-encryption', 'AES256'],
      ['x-amz-server-side-encryption', 'AES256'],
      'put initiate',
    ],
    [
      { serverSideEncryption: 'kms' },
      ['x-obs-server-side-encryption', 'kms'],
      ['x-amz-server-side-encryption', 'aws:kms'],
      'put initiate',
    ],
    [
      { serverSideEncryption: { algorithm: 'kms', keyId: 'k' } },
      ['x-obs-server-side-encryption-kms-key-id', 'k'],
      ['x-amz-server-side-encryption-aws-kms-key-id', 'k'],
      'put initiate',
    ],
    [
      { serverSideEncryption: { customerKey: KEY } },
      ['x-obs-server-side-encryption-customer-key', KEY.toString('base64')],
      ['x-amz-server-side-encryption-customer-key', KEY.toString('base64')],
      'put initiate part read',
    ],
    [{ trafficLimit: 819_200 }, ['x-obs-traffic-limit', '819200'], ['x-amz-traffic-limit', '819200'], 'put part'],
    [
      { headers: { 'x-obs-request-payer': 'requester' } },
      ['x-obs-request-payer', 'requester'],
      ['x-obs-request-payer', 'requester'],
      everywhere,
    ],
  ]
  for (const [options, obs, aws, requests] of cases) {
    it(`put ${obs.join(': ')} on ${requests}, or ${aws.join(': ')}`, () => {
      for (const [prefix, [header, value]] of [
        ['x-obs-', obs],
        ['x-amz-', aws],
      ] as const) {
        const carriers = REQUESTS.filter((request) => header in headersOf(options, request, prefix))
        // A header of the other kind goes where most do.
        if (requests !== everywhere || prefix === 'x-obs-') assert.equal(carriers.join(' '), requests)
        assert.equal(headersOf(options, 'put', prefix)[header], value)
      }
    })
  }

  it('put a callback on put and complete, as base64 of JSON', () => {
    const options = { callback: { url: 'https://a.example/cb', body: 'key=$(key)', host: 'b.example' } }
    for (const request of ['put', 'complete'] as const) {
      const header = headersOf(options, request, 'x-obs-')['x-obs-callback'] ?? ''
      assert.deepEqual(JSON.parse(Buffer.from(header, 'base64').toString()), {
        callbackUrl: 'https://a.example/cb',
        callbackBody: 'key=$(key)',
        callbackBodyType: 'application/x-www-form-urlencoded',
        callbackHost: 'b.example',
      })
    }
    assert.equal(headersOf(options, 'initiate', 'x-obs-')['x-obs-callback'], undefined)
  })

  it('name up to 10 URLs of a callback, percent-encoded where they are not ASCII', () => {
    const url = ['http://a.example/中文?key=é', ...Array<string>(9).fill('https://a.example/a%20b')]
    const header = headersOf({ callback: { url, body: 'x' } }, 'put', 'x-obs-')['x-obs-callback'] ?? ''
    const { callbackUrl } = JSON.parse(Buffer.from(header, 'base64').toString()) as { callbackUrl: string }
    const [first, second, ...others] = callbackUrl.split(';')
    assert.deepEqual([first, second], ['http://a.example/%E4%B8%AD%E6%96%87?key=%C3%A9', 'https://a.example/a%20b'])
    assert.equal(others.length, 8)
  })

  it('encrypt with SM4 by a key of KMS', () => {
    const options = { serverSideEncryption: { algorithm: 'kms', dataEncryption: 'SM4' } }
    assert.equal(headersOf(options, 'initiate', 'x-obs-')['x-obs-server-side-data-encryption'], 'SM4')
  })

  it('count characters of tags', () => {
    const name = '😀'.repeat(128)
    assert.ok(headersOf({ tagging: { [name]: '名'.repeat(255) } }, 'put', 'x-obs-')['x-obs-tagging'])
  })
})

describe('an option that is not acceptable on OBS', () => {
  it('is forbidOverwrite, which nothing there could keep', () => {
    refused({ forbidOverwrite: true }, 'OBS does not support forbidOverwrite', 'versioning')
    assert.ok(headersOf({ forbidOverwrite: false }, 'put', 'x-obs-'))
    for (const value of ['true', 'false', 1, 0, {}, null]) refused({ forbidOverwrite: value }, 'forbidOverwrite')
  })

  it('is a value out of range', () => {
    refused({ acl: 'default' }, 'acl', "'private'", "'public-read-delivered'")
    refused({ storageClass: 'Standard' }, 'storageClass', "'STANDARD', 'WARM', 'COLD'")
    refused({ serverSideEncryption: 'KMS' }, 'serverSideEncryption ', "(got 'KMS')", "'kms'")
    refused({ serverSideEncryption: { algorithm: 'AES256', keyId: 'k' } }, 'serverSideEncryption.keyId', "'kms'")
    refused({ serverSideEncryption: { algorithm: 'AES256', dataEncryption: 'SM4' } }, 'dataEncryption', "'kms'")
    refused({ serverSideEncryption: { algorithm: 'kms', dataEncryption: 'AES' } }, 'dataEncryption')
    const sm4 = { serverSideEncryption: { algorithm: 'kms', dataEncryption: 'SM4' } }
    assert.throws(() => headersOf(sm4, 'put', 'x-amz-'), invalidOption('dataEncryption', "signatureVersion 'obs'"))
    refused({ callback: { url: 'https://a.example', body: 'key=${object}' } }, 'callback.body', '$(key)')
    refused({ callback: { url: Array<string>(11).fill('https://a.example'), body: 'x' } }, 'callback.url', 'up to 10')
    refused({ tagging: { a: 'é'.repeat(256) } }, 'tagging', '255 characters')
    refused({ trafficLimit: 819_199 }, 'trafficLimit', '819,200 to 838,860,800')
    for (const days of [0, 1.5, '3', -1]) refused({ expireAfterDays: days }, 'expireAfterDays', 'from 1', 'days')
    refused({ callback: { url: 'https://a.example', body: 'x', sni: true } }, 'callback.sni')
    refused({ callback: { url: 'https://a.example', body: 'x', variables: {} } }, 'callback.variables')
  })
})
