import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import { ossAddress, type OssAddressOptions } from '../../../src/stores/oss/oss-address.js'
import { invalidOption } from '../../support/errors.js'

type Options = Omit<OssAddressOptions, 'bucket'> & { bucket?: string }

function addressOf(options: Options): ReturnType<typeof ossAddress> {
  return ossAddress({ bucket: 'bkt', ...options })
}

describe('the address of a bucket', () => {
  const cases: readonly [options: Options, url: string, region: string | undefined][] = [
    [{ region: 'cn-hangzhou' }, 'https://bkt.oss-cn-hangzhou.aliyuncs.com/k', 'cn-hangzhou'],
    [{ region: 'oss-cn-hangzhou' }, 'https://bkt.oss-cn-hangzhou.aliyuncs.com/k', 'cn-hangzhou'],
    [{ region: 'cn-hangzhou', network: 'public' }, 'https://bkt.oss-cn-hangzhou.aliyuncs.com/k', 'cn-hangzhou'],
    [{ region: 'us-west-1', network: 'internal' }, 'https://bkt.oss-us-west-1-internal.aliyuncs.com/k', 'us-west-1'],
    [{ region: 'us-west-1', network: 'dualstack' }, 'https://bkt.us-west-1.oss.aliyuncs.com/k', 'us-west-1'],
    [{ region: 'us-west-1', network: 'accelerate' }, 'https://bkt.oss-accelerate.aliyuncs.com/k', 'us-west-1'],
    [
      { region: 'us-west-1', network: 'accelerate-overseas' },
      'https://bkt.oss-accelerate-overseas.aliyuncs.com/k',
      'us-west-1',
    ],
    [{ region: 'r', addressing: 'path' }, 'https://oss-r.aliyuncs.com/bkt/k', 'r'],

    // What an endpoint says comes before region and network; it tells its region where it is one of OSS.
    [{ endpoint: 'oss-cn-beijing.aliyuncs.com' }, 'https://bkt.oss-cn-beijing.aliyuncs.com/k', 'cn-beijing'],
    [{ endpoint: 'OSS-CN-Beijing.aliyuncs.com' }, 'https://bkt.oss-cn-beijing.aliyuncs.com/k', 'cn-beijing'],
    [{ endpoint: 'http://oss-cn-beijing.aliyuncs.com/' }, 'http://bkt.oss-cn-beijing.aliyuncs.com/k', 'cn-beijing'],
    [
      { endpoint: 'oss-cn-beijing-internal.aliyuncs.com' },
      'https://bkt.oss-cn-beijing-internal.aliyuncs.com/k',
      'cn-beijing',
    ],
    // In the finance cloud of Hangzhou the host has another name than the region.
    [
      { endpoint: 'oss-cn-hzjbp-a-internal.aliyuncs.com' },
      'https://bkt.oss-cn-hzjbp-a-internal.aliyuncs.com/k',
      'cn-hangzhou-finance',
    ],
    [
      { region: 'cn-hangzhou', bucket: 'an_old_one' },
      'https://an_old_one.oss-cn-hangzhou.aliyuncs.com/k',
      'cn-hangzhou',
    ],
    [{ endpoint: 'cn-beijing.oss.aliyuncs.com' }, 'https://bkt.cn-beijing.oss.aliyuncs.com/k', 'cn-beijing'],
    [{ endpoint: 'oss-accelerate.aliyuncs.com' }, 'https://bkt.oss-accelerate.aliyuncs.com/k', undefined],
    [
      { endpoint: 'oss-accelerate-overseas.aliyuncs.com' },
      'https://bkt.oss-accelerate-overseas.aliyuncs.com/k',
      undefined,
    ],
    [
      { endpoint: 'oss-accelerate.aliyuncs.com', region: 'cn-beijing' },
      'https://bkt.oss-accelerate.aliyuncs.com/k',
      'cn-beijing',
    ],
    [{ endpoint: 'https://store.example:8443' }, 'https://bkt.store.example:8443/k', undefined],

    // A domain of the user's own is bound to the bucket.
    [{ endpoint: 'files.example.org', addressing: 'cname' }, 'https://files.example.org/k', undefined],

    // The bucket cannot be a part of an address in numbers, nor of localhost.
    [{ endpoint: 'http://127.0.0.1:9000' }, 'http://127.0.0.1:9000/bkt/k', undefined],
    [{ endpoint: '10.1.2.3' }, 'https://10.1.2.3/bkt/k', undefined],
    [{ endpoint: 'http://[::1]:9000' }, 'http://[::1]:9000/bkt/k', undefined],
    [{ endpoint: '[fe80::1]' }, 'https://[fe80::1]/bkt/k', undefined],
    [{ endpoint: 'http://0x7f.1' }, 'http://127.0.0.1/bkt/k', undefined],
    [{ endpoint: 'http://localhost:9000' }, 'http://localhost:9000/bkt/k', undefined],
    [{ endpoint: 'http://localhost:9000', addressing: 'cname' }, 'http://localhost:9000/k', undefined],
  ]
  for (const [options, url, region] of cases) {
    it(`is ${url} for ${inspect(options, { breakLength: Infinity })}`, () => {
      const address = addressOf(options)
      assert.equal(address.origin + address.pathOf('k'), url)
      assert.equal(address.region, region)
    })
  }

  it('ends with the percent-encoded key, or with none', () => {
    const address = addressOf({ region: 'r' })
    assert.equal(address.pathOf('a b/../+é😀'), '/a%20b/../%2B%C3%A9%F0%9F%98%80')
    assert.equal(address.pathOf(undefined), '/')
    assert.equal(addressOf({ endpoint: '127.0.0.1' }).pathOf(undefined), '/bkt/')
  })
})

describe('an address that cannot be', () => {
  for (const endpoint of [
    'https://store.example/path',
    'https://store.example/?query=1',
    'https://store.example/#fragment',
    'ftp://store.example',
    'https://',
    'https://a b',
    'https://store.example:99999',
    '',
  ]) {
    it(`is refused: endpoint ${JSON.stringify(endpoint)}`, () => {
      assert.throws(() => addressOf({ endpoint }), invalidOption('endpoint', 'must be a host', 'without a path'))
    })
  }

  for (const endpoint of [
    'https://user:TOPSECRET@store.example',
    'user:TOPSECRET@store.example',
    'ftp://user:TOPSECRET@store.example',
    'https://user:TOPSECRET@store .example',
    'https://user:TOPSECRET@store.example/path',
    'https://TOPSECRET@store.example',
  ]) {
    it(`is refused without showing the password: ${endpoint.replace('TOPSECRET', '…')}`, () => {
      assert.throws(
        () => addressOf({ endpoint }),
        (error) => invalidOption('endpoint')(error) && !inspect(error).includes('TOPSECRET'),
      )
    })
  }

  it('is one without region and endpoint', () => {
    assert.throws(() => addressOf({}), invalidOption('region is missing', 'OSS_REGION', 'endpoint'))
  })

  for (const region of ['', 'cn hangzhou', 'cn_hangzhou', 'CN-HANGZHOU', 'oss-', 'evil.example/', 'a\n']) {
    it(`is refused: region ${JSON.stringify(region)}`, () => {
      assert.throws(() => addressOf({ region }), invalidOption('region must'))
    })
  }

  for (const bucket of [
    '',
    'ab',
    'Bucket',
    '-bucket',
    'bucket-',
    '_bucket',
    'bucket_',
    'buc.ket',
    'b'.repeat(64),
    'bucket\n',
  ]) {
    it(`is refused: bucket ${JSON.stringify(bucket)}`, () => {
      assert.throws(() => ossAddress({ bucket, region: 'r' }), invalidOption('bucket must', '3 to 63'))
    })
  }

  it('has a network or addressing that is unknown', () => {
    assert.throws(() => addressOf({ region: 'r', network: 'vpn' as never }), invalidOption('network', "'internal'"))
    assert.throws(() => addressOf({ region: 'r', addressing: 'dns' as never }), invalidOption('addressing', "'cname'"))
  })

  it('has a bucket in front of an address in numbers', () => {
    for (const endpoint of ['http://127.0.0.1:9000', 'http://[::1]:9000']) {
      assert.throws(() => addressOf({ endpoint, addressing: 'virtual' }), invalidOption('addressing', "'path'"))
    }
  })

  it('has a custom domain that is not in the options', () => {
    assert.throws(() => addressOf({ region: 'r', addressing: 'cname' }), invalidOption('addressing', 'endpoint'))
  })
})
