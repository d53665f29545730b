import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import type { ObjectRequest } from '../../../src/stores/object/option-table.js'
import type { ObjectOptions } from '../../../src/stores/object/object-options.js'
import { ObjectHeaders } from '../../../src/stores/object/object-headers.js'
import { s3ObjectOptions } from '../../../src/stores/s3/s3-object-options.js'
import { invalidOption } from '../../support/errors.js'

const REQUESTS: readonly ObjectRequest[] = ['put', 'initiate', 'part', 'complete', 'read']

const KEY = Buffer.from('0123456789abcdef0123456789abcdef')

function headersOf(options: unknown, request: ObjectRequest, isConfidential = true): Record<string, string> {
  return new ObjectHeaders(s3ObjectOptions(isConfidential)).on(request, options as ObjectOptions)
}

function requestsWith(header: string, options: ObjectOptions): string {
  return REQUESTS.filter((request) => header in headersOf(options, request)).join(' ')
}

function refused(options: unknown, ...texts: string[]): void {
  for (const request of REQUESTS) assert.throws(() => headersOf(options, request), invalidOption(...texts))
}

describe("an object's options on S3", () => {
  const cases: readonly [options: ObjectOptions, header: string, value: string, requests: string][] = [
    [{}, 'content-type', 'application/octet-stream', 'put initiate'],
    [{ headers: { 'Cache-Control': 'no-cache' } }, 'cache-control', 'no-cache', 'put initiate'],
    [{ headers: { 'X-Amz-Object-Lock-Mode': 'GOVERNANCE' } }, 'x-amz-object-lock-mode', 'GOVERNANCE', 'put initiate'],
    [{ metadata: { Author: 'me' } }, 'x-amz-meta-author', 'me', 'put initiate'],
    [{ acl: 'bucket-owner-full-control' }, 'x-amz-acl', 'bucket-owner-full-control', 'put initiate'],
    [{ storageClass: 'STANDARD_IA' }, 'x-amz-storage-class', 'STANDARD_IA', 'put initiate'],
    [{ storageClass: 'my-class' }, 'x-amz-storage-class', 'my-class', 'put initiate'],
    [{ tagging: { a: '1', 'b c': 'ü&=' } }, 'x-amz-tagging', 'a=1&b%20c=%C3%BC%26%3D', 'put initiate'],
    [{ serverSideEncryption: 'AES256' }, 'x-amz-server-side-encryption', 'AES256', 'put initiate'],
    [{ serverSideEncryption: 'aws:kms' }, 'x-amz-server-side-encryption', 'aws:kms', 'put initiate'],
    [
      { serverSideEncryption: { algorithm: 'aws:kms:dsse', keyId: 'arn:k' } },
      'x-amz-server-side-encryption-aws-kms-key-id',
      'arn:k',
      'put initiate',
    ],
    [{ forbidOverwrite: true }, 'if-none-match', '*', 'put complete'],
    [
      { headers: { 'x-amz-request-payer': 'requester' } },
      'x-amz-request-payer',
      'requester',
      'put initiate part complete read',
    ],
  ]
  for (const [options, header, value, requests] of cases) {
    it(`put ${header}: ${value} on ${requests} for ${JSON.stringify(options)}`, () => {
      assert.equal(requestsWith(header, options), requests)
      assert.equal(headersOf(options, requests.split(' ')[0] as ObjectRequest)[header], value)
    })
  }

  it('put a customer key on every request', () => {
    for (const customerKey of [KEY, new Uint8Array(KEY), KEY.toString('base64')]) {
      for (const request of REQUESTS) {
        const headers = headersOf({ serverSideEncryption: { customerKey } }, request)
        assert.equal(headers['x-amz-server-side-encryption-customer-algorithm'], 'AES256')
        assert.equal(headers['x-amz-server-side-encryption-customer-key'], KEY.toString('base64'))
        const md5 = createHash('md5').update(KEY).digest('base64')
        assert.equal(headers['x-amz-server-side-encryption-customer-key-md5'], md5)
        assert.equal(headers['x-amz-server-side-encryption'], undefined)
      }
    }
  })

  it('put nothing where there is nothing to say', () => {
    const options = { metadata: {}, tagging: {}, headers: {}, forbidOverwrite: false, callback: undefined }
    assert.deepEqual(headersOf(options, 'put'), { 'content-type': 'application/octet-stream' })
    for (const request of ['part', 'complete', 'read'] as const) assert.deepEqual(headersOf(options, request), {})
  })
})

describe('an option that is not acceptable on S3', () => {
  it('is one that the service does not have', () => {
    refused({ callback: { url: 'https://a.example', body: 'x' } }, 'S3 does not support callback')
    refused({ trafficLimit: 1_000_000 }, 'S3 does not support trafficLimit')
    refused({ expireAfterDays: 3 }, 'S3 does not support expireAfterDays')
    refused({ serverSideEncryption: { algorithm: 'AES256', dataEncryption: 'SM4' } }, 'dataEncryption')
  })

  it('is a value out of range', () => {
    refused({ acl: 'default' }, 'acl', "'private'", "'authenticated-read'")
    refused({ storageClass: 'a b' }, 'storageClass', 'STANDARD_IA')
    refused({ forbidOverwrite: 'yes' }, 'forbidOverwrite')
    refused({ serverSideEncryption: 'KMS' }, 'serverSideEncryption ', "(got 'KMS')", "'aws:kms'")
    refused({ serverSideEncryption: { algorithm: 'AES256', keyId: 'k' } }, 'serverSideEncryption.keyId', 'aws:kms')
    refused({ metadata: { a: 'v'.repeat(2 * 1024) } }, 'metadata', '2048 bytes')
  })

  for (const name of [
    'Authorization',
    'If-None-Match',
    'If-Match',
    'x-amz-checksum-crc32',
    'x-amz-content-sha256',
    'x-amz-security-token',
    'x-amz-server-side-encryption-customer-key',
  ]) {
    it(`is a header of ${name}, which is the library's own`, () => {
      refused({ headers: { [name]: 'x' } }, 'headers', name.toLowerCase())
    })
  }

  const secret = KEY.toString('base64')
  it('is not a key as bytes of another realm, which is accepted', () => {
    const customerKey = runInNewContext('new Uint8Array(32)') as Uint8Array
    assert.ok(headersOf({ serverSideEncryption: { customerKey } }, 'put')['x-amz-server-side-encryption-customer-key'])
  })

  const misuses: [why: string, serverSideEncryption: unknown, isConfidential?: boolean][] = [
    ['is too short', { customerKey: secret.slice(0, 40) }],
    ['is not base64', { customerKey: `${secret.slice(0, 43)}*` }],
    ['is hex', { customerKey: KEY.toString('hex') }],
    ['is of another type', { customerKey: [...KEY] }],
    ['would travel over plain HTTP', { customerKey: secret }, false],
    ['goes with another algorithm', { customerKey: secret, algorithm: 'aws:kms' }],
    ['goes with a key id', { customerKey: secret, keyId: 'k' }],
    ['is repeated as the key id', { customerKey: secret, keyId: secret }],
    ['stands in the place of the key id', { algorithm: 'AES256', keyId: secret }],
    ['stands in the place of the algorithm', secret],
    ['stands in the place of the algorithm, in an object', { algorithm: secret }],
    ['stands in the place of the option', KEY],
    ['is misspelt', { customerkey: secret }],
  ]
  for (const [why, serverSideEncryption, isConfidential = true] of misuses) {
    it(`is a key that ${why}, and is not shown`, () => {
      for (const request of REQUESTS) {
        assert.throws(
          () => headersOf({ serverSideEncryption }, request, isConfidential),
          (error) => {
            invalidOption('serverSideEncryption')(error)
            const shown = inspect(error, { depth: 10 })
            for (const form of [
              secret.slice(0, 16),
              KEY.toString('hex').slice(0, 16),
              KEY.toString().slice(0, 8),
              '48, 49, 50',
            ]) {
              assert.ok(!shown.includes(form), shown)
            }
            return true
          },
        )
      }
    })
  }
})
