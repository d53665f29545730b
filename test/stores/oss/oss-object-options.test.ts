import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import type { ObjectRequest } from '../../../src/stores/object/option-table.js'
import type { ObjectOptions } from '../../../src/stores/object/object-options.js'
import { ObjectHeaders } from '../../../src/stores/object/object-headers.js'
import { OSS_OBJECT_OPTIONS } from '../../../src/stores/oss/oss-object-options.js'
import { invalidOption } from '../../support/errors.js'

const ossHeaders = new ObjectHeaders(OSS_OBJECT_OPTIONS)

function ossObjectHeaders(options: ObjectOptions, request: ObjectRequest): Record<string, string> {
  return ossHeaders.on(request, options)
}

const REQUESTS: readonly ObjectRequest[] = ['put', 'initiate', 'part', 'complete']

/** The requests that carry a header for these options. */
function requestsWith(header: string, options: ObjectOptions): string {
  return REQUESTS.filter((request) => header in ossObjectHeaders(options, request)).join(' ')
}

function decoded(header: string | undefined): unknown {
  return JSON.parse(Buffer.from(header ?? '', 'base64').toString())
}

function refused(options: unknown, ...texts: string[]): void {
  for (const request of REQUESTS) {
    assert.throws(() => ossObjectHeaders(options as ObjectOptions, request), invalidOption(...texts))
  }
}

describe("an object's options", () => {
  const cases: readonly [options: ObjectOptions, header: string, value: string, requests: string][] = [
    [{}, 'content-type', 'application/octet-stream', 'put initiate'],
    [{ contentType: 'text/plain; charset=utf-8' }, 'content-type', 'text/plain; charset=utf-8', 'put initiate'],
    [{ headers: { 'Content-Type': 'a/b' } }, 'content-type', 'a/b', 'put initiate'],
    [{ headers: { 'Content-Type': 'a/b' }, contentType: 'c/d' }, 'content-type', 'c/d', 'put initiate'],
    [{ headers: { 'Cache-Control': ' no-cache ' } }, 'cache-control', 'no-cache', 'put initiate'],
    [{ headers: { 'x-oss-tagging': 'a=b' } }, 'x-oss-tagging', 'a=b', 'put initiate'],
    [{ metadata: { Author: 'me' } }, 'x-oss-meta-author', 'me', 'put initiate'],
    [{ storageClass: 'IA' }, 'x-oss-storage-class', 'IA', 'put initiate'],
    [{ tagging: { a: '1', 'b c': 'ü&=' } }, 'x-oss-tagging', 'a=1&b%20c=%C3%BC%26%3D', 'put initiate'],
    [{ serverSideEncryption: 'AES256' }, 'x-oss-server-side-encryption', 'AES256', 'put initiate'],
    [{ serverSideEncryption: { algorithm: 'SM4' } }, 'x-oss-server-side-encryption', 'SM4', 'put initiate'],
    [
      { serverSideEncryption: { algorithm: 'KMS', keyId: 'key' } },
      'x-oss-server-side-encryption-key-id',
      'key',
      'put initiate',
    ],
    [
      { serverSideEncryption: { algorithm: 'KMS', dataEncryption: 'SM4' } },
      'x-oss-server-side-data-encryption',
      'SM4',
      'put initiate',
    ],
    [{ forbidOverwrite: true }, 'x-oss-forbid-overwrite', 'true', 'put initiate complete'],
    [{ headers: { 'x-oss-forbid-overwrite': 'true' } }, 'x-oss-forbid-overwrite', 'true', 'put initiate complete'],
    [{ acl: 'public-read' }, 'x-oss-object-acl', 'public-read', 'put complete'],
    [{ trafficLimit: 245_760 }, 'x-oss-traffic-limit', '245760', 'put part'],
    [
      { headers: { 'x-oss-request-payer': 'requester' } },
      'x-oss-request-payer',
      'requester',
      'put initiate part complete',
    ],
  ]
  for (const [options, header, value, requests] of cases) {
    it(`put ${header}: ${value} on ${requests} for ${JSON.stringify(options)}`, () => {
      assert.equal(requestsWith(header, options), requests)
      assert.equal(ossObjectHeaders(options, requests.split(' ')[0] as ObjectRequest)[header], value)
    })
  }

  it('put nothing on a part where there is nothing for it', () => {
    const options: ObjectOptions = { metadata: { a: 'b' }, storageClass: 'IA', acl: 'private', tagging: { a: 'b' } }
    assert.deepEqual(ossObjectHeaders(options, 'part'), {})
  })

  it('make no header where they are empty', () => {
    assert.deepEqual(Object.keys(ossObjectHeaders({ headers: {}, metadata: {}, tagging: {} }, 'put')), ['content-type'])
  })

  it('put a callback on put and complete, as base64 of JSON', () => {
    const options: ObjectOptions = {
      callback: {
        url: ['https://a.example/cb', 'http://b.example:81/cb'],
        body: 'object=${object}&who=${x:who}',
        host: 'c.example',
        bodyType: 'application/json',
        sni: true,
        variables: { who: 'é"', 'x:other': '' },
      },
    }
    assert.equal(requestsWith('x-oss-callback', options), 'put complete')
    assert.equal(requestsWith('x-oss-callback-var', options), 'put complete')
    const headers = ossObjectHeaders(options, 'complete')
    assert.deepEqual(decoded(headers['x-oss-callback']), {
      callbackUrl: 'https://a.example/cb;http://b.example:81/cb',
      callbackBody: 'object=${object}&who=${x:who}',
      callbackBodyType: 'application/json',
      callbackHost: 'c.example',
      callbackSNI: true,
    })
    assert.deepEqual(decoded(headers['x-oss-callback-var']), { 'x:who': 'é"', 'x:other': '' })
  })

  it('survive names that every object inherits', () => {
    const options = JSON.parse(
      '{"headers": {"constructor": "a", "__proto__": "b"}, "metadata": {"constructor": "c", "toString": "d"}}',
    ) as ObjectOptions
    const headers = ossObjectHeaders(options, 'put')
    assert.deepEqual(Object.entries(headers).sort(), [
      ['__proto__', 'b'],
      ['constructor', 'a'],
      ['content-type', 'application/octet-stream'],
      ['x-oss-meta-constructor', 'c'],
      ['x-oss-meta-tostring', 'd'],
    ])
    assert.equal(Object.getPrototypeOf(headers), Object.prototype)
  })
})

describe('an option that is not acceptable', () => {
  const unsafe = ['a\r\nx-evil: 1', 'a\nb', 'a\rb', 'a\0b', 'naïve', '😀', '\x7f', '\u2028']
  it('shows no value of a header, which may be a token', () => {
    for (const options of [
      { headers: { 'x-oss-token': 'TOPSECRET\n' } },
      { headers: { 'x-oss-token': ['TOPSECRET'] } },
      { metadata: { token: 'TOPSECRÉT' } },
      { contentType: 'TOPSECRET\0' },
      { callback: { url: 'https://user:TOPSECRET@host/a;b', body: 'x' } },
      { callback: { url: ['ftp://TOPSECRET@host'], body: 'x' } },
    ]) {
      assert.throws(
        () => ossObjectHeaders(options as ObjectOptions, 'put'),
        (error) => invalidOption()(error) && !/TOPSECR/.test(inspect(error)),
        JSON.stringify(options),
      )
    }
  })

  for (const value of unsafe) {
    it(`is refused wherever it would stand in a header: ${JSON.stringify(value)}`, () => {
      refused({ contentType: value }, 'contentType', 'printable ASCII')
      refused({ metadata: { a: value } }, 'metadata["a"]', 'printable ASCII')
      refused({ headers: { 'cache-control': value } }, 'headers["cache-control"]', 'printable ASCII')
      refused({ serverSideEncryption: { algorithm: 'KMS', keyId: value } }, 'serverSideEncryption.keyId')
      refused({ metadata: { [value]: 'a' } }, 'a name in metadata', 'A-Z a-z 0-9 and -')
      refused({ headers: { [value]: 'a' } }, 'a name in headers')
      for (const name of ['acl', 'storageClass', 'serverSideEncryption']) refused({ [name]: value }, name, "'")
    })
  }

  for (const name of [
    'Authorization',
    'Connection',
    'content-length',
    'Content-MD5',
    'date',
    'Expect',
    'HOST',
    'keep-alive',
    'te',
    'trailer',
    'Transfer-Encoding',
    'upgrade',
    'user-agent',
    'x-oss-complete-all',
    'x-oss-content-sha256',
    'x-oss-copy-source',
    'x-oss-date',
    'X-OSS-Security-Token',
  ]) {
    it(`is a header of ${name}, which is the library's own`, () => {
      refused({ headers: { [name]: 'x' } }, 'headers', name.toLowerCase())
    })
  }

  it('is a name that is given twice, in different cases', () => {
    refused({ headers: { 'Cache-Control': 'a', 'cache-control': 'b' } }, 'headers', 'twice')
    refused({ metadata: { A: '1', a: '2' } }, 'metadata', 'twice')
  })

  it('is one of the wrong type, as from JSON', () => {
    for (const value of [null, 7, true, [], 'text']) {
      refused({ metadata: value }, 'metadata', 'object')
      refused({ headers: value }, 'headers', 'object')
      refused({ tagging: value }, 'tagging', 'object')
      refused({ callback: value }, 'callback')
    }
    for (const value of [null, 7, true, {}, []]) {
      refused({ metadata: { a: value } }, 'metadata["a"]')
      refused({ headers: { a: value } }, 'headers["a"]')
      refused({ tagging: { a: value } }, 'tagging["a"]')
      refused({ acl: value }, 'acl')
      refused({ storageClass: value }, 'storageClass')
      refused({ serverSideEncryption: value }, 'serverSideEncryption')
    }
    for (const value of [7, true, {}, '']) refused({ contentType: value }, 'contentType')
    for (const value of [null, 'true', 1]) refused({ forbidOverwrite: value }, 'forbidOverwrite', 'true or false')
  })

  it('is a collection whose entries would silently be lost', () => {
    for (const value of [new Map([['a', 'b']]), new Headers({ a: 'b' }), new Set(['a']), new URLSearchParams('a=b')]) {
      for (const name of ['metadata', 'headers', 'tagging']) refused({ [name]: value }, name, 'plain object')
    }
  })

  it('is metadata longer than 8 KiB in all', () => {
    const longest = { a: 'v'.repeat(8 * 1024 - 1) }
    assert.ok(ossObjectHeaders({ metadata: longest }, 'put'))
    refused({ metadata: { ...longest, b: '' } }, 'metadata', '8193 bytes', '8192')
  })

  it('is a tag beyond the limits', () => {
    const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 'v']))
    assert.ok(ossObjectHeaders({ tagging: tags(10) }, 'put'))
    refused({ tagging: tags(11) }, 'tagging', '11', '10')
    assert.ok(ossObjectHeaders({ tagging: { ['é'.repeat(128)]: '😀'.repeat(256) } }, 'put'))
    refused({ tagging: { ['é'.repeat(129)]: '' } }, 'a name in tagging', '128')
    refused({ tagging: { '': 'v' } }, 'a name in tagging', '1 to 128')
    refused({ tagging: { a: 'é'.repeat(257) } }, 'tagging["a"]', '256')
    refused({ tagging: { a: '\ud800' } }, 'tagging["a"]')
    refused({ tagging: { '\udc00': 'a' } }, 'a name in tagging')
  })

  it('is an encryption that does not fit together', () => {
    refused({ serverSideEncryption: 'aes256' }, 'serverSideEncryption', "'AES256', 'KMS', 'SM4'")
    refused({ serverSideEncryption: { algorithm: 'AES256', keyId: 'k' } }, 'serverSideEncryption', 'KMS')
    refused({ serverSideEncryption: { algorithm: 'KMS', keyId: '' } }, 'serverSideEncryption.keyId')
    refused({ serverSideEncryption: { algorithm: 'KMS', dataEncryption: 'AES256' } }, 'dataEncryption', "'SM4'")
    refused({ serverSideEncryption: { algorithm: 'KMS', keyID: 'k' } }, 'keyID', 'keyId')
  })

  it('is a customer key, which OSS does not support, and which is never shown', () => {
    const key = Buffer.alloc(32, 'k')
    for (const customerKey of [key, key.toString('base64')]) {
      const option = { serverSideEncryption: { customerKey } }
      assert.throws(
        () => ossObjectHeaders(option, 'put'),
        (error) => invalidOption('customerKey')(error) && !String(error).includes(key.toString('base64').slice(0, 8)),
      )
    }
    refused({ serverSideEncryption: key }, 'serverSideEncryption', 'customerKey')
  })

  it('is a traffic limit out of range', () => {
    for (const value of [245_759, 838_860_801, 1e6 + 0.5, '300000', null]) {
      refused({ trafficLimit: value }, 'trafficLimit', '245,760 to 838,860,800', 'bit/s')
    }
    assert.ok(ossObjectHeaders({ trafficLimit: 838_860_800 }, 'part'))
  })

  it('is a contentMd5 that is not a boolean', () => {
    refused({ contentMd5: 'yes' }, 'contentMd5', 'true or false')
  })

  it('is a callback that the service would refuse', () => {
    const callback = { url: 'https://a.example', body: 'x' }
    refused({ callback: { body: 'x' } }, 'callback.url')
    refused({ callback: { ...callback, url: [] } }, 'callback.url', '5')
    refused({ callback: { ...callback, body: 'key=$(key)' } }, 'callback.body', '${object}')
    refused(
      { callback: { ...callback, url: Array.from({ length: 6 }, () => 'https://a.example') } },
      'callback.url',
      '5',
    )
    for (const url of ['a.example', 'ftp://a.example', 'https://a.example/;b', '', 7, null]) {
      refused({ callback: { ...callback, url } }, 'callback.url')
      refused({ callback: { ...callback, url: [url] } }, 'callback.url')
    }
    for (const body of ['', undefined, 7]) refused({ callback: { ...callback, body } }, 'callback.body')
    refused({ callback: { ...callback, bodyType: 'text/plain' } }, 'callback.bodyType', 'application/json')
    refused({ callback: { ...callback, host: '' } }, 'callback.host')
    refused({ callback: { ...callback, sni: 'yes' } }, 'callback.sni')
    refused({ callback: { ...callback, variables: [] } }, 'callback.variables')
    refused({ callback: { ...callback, variables: { Upper: 'x' } } }, 'callback.variables', 'a-z 0-9 _ and -')
    refused({ callback: { ...callback, variables: { a: 1 } } }, 'callback.variables["a"]')
    refused({ callback: { ...callback, callbackHost: 'x' } }, 'callbackHost', 'host')
  })

  it('is a callback longer than 5 KiB when encoded', () => {
    const base = { url: 'https://a.example', body: '' }
    const room = (5 * 1024 * 3) / 4
    const overhead = JSON.stringify({
      callbackUrl: base.url,
      callbackBody: '',
      callbackBodyType: 'application/x-www-form-urlencoded',
    }).length
    const body = 'x'.repeat(room - overhead)
    assert.equal(ossObjectHeaders({ callback: { ...base, body } }, 'put')['x-oss-callback']?.length, 5 * 1024)
    refused({ callback: { ...base, body: `${body}x` } }, 'callback', '5 KiB')
    refused({ callback: { ...base, body: 'x', variables: { a: 'x'.repeat(4000) } } }, 'callback.variables', '5 KiB')
  })
})
