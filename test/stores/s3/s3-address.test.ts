import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import { s3Address, type S3AddressOptions } from '../../../src/stores/s3/s3-address.js'
import { invalidOption } from '../../support/errors.js'

type Options = Omit<S3AddressOptions, 'bucket'> & { bucket?: string }

function addressOf(options: Options): ReturnType<typeof s3Address> {
  return s3Address({ bucket: 'bkt', ...options })
}

describe('the address of a bucket of S3', () => {
  const cases: readonly [options: Options, url: string, region: string][] = [
    [{}, 'https://bkt.s3.us-east-1.amazonaws.com/k', 'us-east-1'],
    [{ region: 'eu-central-1' }, 'https://bkt.s3.eu-central-1.amazonaws.com/k', 'eu-central-1'],
    [{ region: 'cn-north-1' }, 'https://bkt.s3.cn-north-1.amazonaws.com.cn/k', 'cn-north-1'],
    [{ region: 'r', network: 'dualstack' }, 'https://bkt.s3.dualstack.r.amazonaws.com/k', 'r'],
    [{ region: 'r', network: 'accelerate' }, 'https://bkt.s3-accelerate.amazonaws.com/k', 'r'],
    [{ region: 'r', addressing: 'path' }, 'https://s3.r.amazonaws.com/bkt/k', 'r'],
    // The certificate covers one name below the endpoint's.
    [{ region: 'r', bucket: 'b.k.t' }, 'https://s3.r.amazonaws.com/b.k.t/k', 'r'],

    // What an endpoint of AWS says of its region.
    [{ endpoint: 's3.eu-west-1.amazonaws.com' }, 'https://bkt.s3.eu-west-1.amazonaws.com/k', 'eu-west-1'],
    [{ endpoint: 's3.amazonaws.com' }, 'https://bkt.s3.amazonaws.com/k', 'us-east-1'],
    [{ endpoint: 's3-eu-west-1.amazonaws.com' }, 'https://bkt.s3-eu-west-1.amazonaws.com/k', 'eu-west-1'],
    [{ endpoint: 's3-fips.us-gov-1.amazonaws.com' }, 'https://bkt.s3-fips.us-gov-1.amazonaws.com/k', 'us-gov-1'],
    [{ endpoint: 's3.dualstack.r.amazonaws.com' }, 'https://bkt.s3.dualstack.r.amazonaws.com/k', 'r'],
    [{ endpoint: 's3-accelerate.amazonaws.com' }, 'https://bkt.s3-accelerate.amazonaws.com/k', 'us-east-1'],
    [
      { endpoint: 'https://bucket.vpce-1a2b.s3.us-west-2.vpce.amazonaws.com' },
      'https://bkt.bucket.vpce-1a2b.s3.us-west-2.vpce.amazonaws.com/k',
      'us-west-2',
    ],
    [{ endpoint: 's3.eu-west-1.amazonaws.com', region: 'r' }, 'https://bkt.s3.eu-west-1.amazonaws.com/k', 'r'],

    // Other partitions, and names of endpoints that are no regions.
    [{ region: 'eusc-de-east-1' }, 'https://bkt.s3.eusc-de-east-1.amazonaws.eu/k', 'eusc-de-east-1'],
    [{ region: 'us-iso-east-1' }, 'https://bkt.s3.us-iso-east-1.c2s.ic.gov/k', 'us-iso-east-1'],
    [{ region: 'us-isob-east-1' }, 'https://bkt.s3.us-isob-east-1.sc2s.sgov.gov/k', 'us-isob-east-1'],
    [{ region: 'eu-isoe-west-1' }, 'https://bkt.s3.eu-isoe-west-1.cloud.adc-e.uk/k', 'eu-isoe-west-1'],
    [{ region: 'us-isof-south-1' }, 'https://bkt.s3.us-isof-south-1.csp.hci.ic.gov/k', 'us-isof-south-1'],
    [
      { region: 'eusc-de-east-1', network: 'dualstack' },
      'https://bkt.s3.dualstack.eusc-de-east-1.amazonaws.eu/k',
      'eusc-de-east-1',
    ],
    [{ endpoint: 's3.eusc-de-east-1.amazonaws.eu' }, 'https://bkt.s3.eusc-de-east-1.amazonaws.eu/k', 'eusc-de-east-1'],
    [{ endpoint: 's3-external-1.amazonaws.com' }, 'https://bkt.s3-external-1.amazonaws.com/k', 'us-east-1'],
    [
      { endpoint: 's3-fips-us-gov-west-1.amazonaws.com' },
      'https://bkt.s3-fips-us-gov-west-1.amazonaws.com/k',
      'us-gov-west-1',
    ],
    [
      { endpoint: 's3-fips.dualstack.us-east-2.amazonaws.com' },
      'https://bkt.s3-fips.dualstack.us-east-2.amazonaws.com/k',
      'us-east-2',
    ],
    [{ endpoint: 'amazonaws.eu.evil.example' }, 'https://amazonaws.eu.evil.example/bkt/k', 'us-east-1'],

    // Services whose hosts name the region.
    [{ endpoint: 's3.eu-central-1.wasabisys.com' }, 'https://s3.eu-central-1.wasabisys.com/bkt/k', 'eu-central-1'],
    [{ endpoint: 's3.wasabisys.com' }, 'https://s3.wasabisys.com/bkt/k', 'us-east-1'],
    [{ endpoint: 's3.us-west-004.backblazeb2.com' }, 'https://s3.us-west-004.backblazeb2.com/bkt/k', 'us-west-004'],
    [{ endpoint: 's3.fr-par.scw.cloud' }, 'https://s3.fr-par.scw.cloud/bkt/k', 'fr-par'],
    [{ endpoint: 'nyc3.digitaloceanspaces.com' }, 'https://nyc3.digitaloceanspaces.com/bkt/k', 'nyc3'],

    // Anybody else's endpoint.
    [{ endpoint: 'minio.example:9000' }, 'https://minio.example:9000/bkt/k', 'us-east-1'],
    [{ endpoint: 'http://127.0.0.1:7480' }, 'http://127.0.0.1:7480/bkt/k', 'us-east-1'],
    [{ endpoint: 'a.r2.cloudflarestorage.com', region: 'auto' }, 'https://a.r2.cloudflarestorage.com/bkt/k', 'auto'],
    [{ endpoint: 'store.example', addressing: 'virtual' }, 'https://bkt.store.example/k', 'us-east-1'],
    [{ endpoint: 'files.example', addressing: 'cname' }, 'https://files.example/k', 'us-east-1'],
    [{ endpoint: 'https://a.example/storage/v1/s3' }, 'https://a.example/storage/v1/s3/bkt/k', 'us-east-1'],
    [{ endpoint: 'https://a.example/s3/' }, 'https://a.example/s3/bkt/k', 'us-east-1'],
    [{ endpoint: 'amazonaws.com.evil.example' }, 'https://amazonaws.com.evil.example/bkt/k', 'us-east-1'],
  ]
  for (const [options, url, region] of cases) {
    it(`is ${url} for ${inspect(options, { breakLength: Infinity })}`, () => {
      const address = addressOf(options)
      assert.equal(address.origin + address.pathOf('k'), url)
      assert.equal(address.region, region)
    })
  }

  it('is refused for a directory bucket and for the ARN of an access point, with advice', () => {
    assert.throws(() => addressOf({ bucket: 'b--use1-az4--x-s3' }), invalidOption('directory buckets'))
    const bucket = 'arn:aws:s3:us-west-2:123456789012:accesspoint/a'
    assert.throws(() => addressOf({ bucket }), invalidOption('-s3alias'))
  })

  it('ends with the percent-encoded key, as it is, or with none', () => {
    const address = addressOf({})
    assert.equal(address.pathOf('/a b/../+é'), '//a%20b/../%2B%C3%A9')
    assert.equal(address.pathOf(undefined), '/')
    assert.equal(addressOf({ endpoint: '127.0.0.1' }).pathOf(undefined), '/bkt/')
  })

  it('is one where a key may be sent over HTTPS, or when nothing leaves this machine', () => {
    for (const endpoint of [
      'a.example',
      'https://10.0.0.1',
      'http://127.0.0.1:1',
      'http://localhost',
      'http://[::1]',
    ]) {
      assert.equal(addressOf({ endpoint }).isConfidential, true, endpoint)
    }
    for (const endpoint of ['http://a.example', 'http://10.0.0.1', 'http://localhost.evil.example']) {
      assert.equal(addressOf({ endpoint }).isConfidential, false, endpoint)
    }
  })
})

describe('an address of S3 that cannot be', () => {
  for (const bucket of ['', 'ab', '-bucket', 'bucket-', 'a/b', 'a?b', 'buc ket', 'b'.repeat(256), 'bucket\n']) {
    it(`is refused: bucket ${JSON.stringify(bucket)}`, () => {
      assert.throws(() => addressOf({ bucket }), invalidOption('bucket must', '3 to 255'))
    })
  }

  for (const region of ['', 'eu central', 'evil.example/', 'a\n']) {
    it(`is refused: region ${JSON.stringify(region)}`, () => {
      assert.throws(() => addressOf({ region }), invalidOption('region must', 'eu-central-1'))
    })
  }

  it('has two places, or two addresses of one', () => {
    const endpoint = 'a.example'
    assert.throws(() => addressOf({ endpoint, network: 'dualstack' }), invalidOption('network', 'endpoint'))
    assert.throws(() => addressOf({ network: 'accelerate', addressing: 'path' }), invalidOption("'virtual'"))
    assert.throws(() => addressOf({ network: 'accelerate', bucket: 'b.k.t' }), invalidOption('without dots'))
    assert.throws(() => addressOf({ endpoint: '10.0.0.1', addressing: 'virtual' }), invalidOption("'path'"))
    assert.throws(() => addressOf({ addressing: 'cname' }), invalidOption('endpoint'))
  })

  it('is one of the wrong kind', () => {
    assert.throws(() => addressOf({ network: 'internal' as never }), invalidOption('network', "'dualstack'"))
    assert.throws(() => addressOf({ addressing: 'dns' as never }), invalidOption('addressing', "'cname'"))
    for (const endpoint of ['ftp://a.example', 'https://a.example/?x', 'a b', 'user:pass@a.example']) {
      assert.throws(() => addressOf({ endpoint }), invalidOption('endpoint'))
    }
  })
})
