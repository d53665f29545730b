import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import { obsAddress, type ObsAddressOptions } from '../../../src/stores/obs/obs-address.js'
import { invalidOption } from '../../support/errors.js'

type Options = Omit<ObsAddressOptions, 'bucket'> & { bucket?: string }

function addressOf(options: Options): ReturnType<typeof obsAddress> {
  return obsAddress({ bucket: 'bkt', ...options })
}

describe('the address of a bucket of OBS', () => {
  const cases: readonly [options: Options, url: string, region: string | undefined, domain?: string][] = [
    [{ region: 'cn-north-4' }, 'https://bkt.obs.cn-north-4.myhuaweicloud.com/k', 'cn-north-4'],
    [{ region: 'eu-west-101' }, 'https://bkt.obs.eu-west-101.myhuaweicloud.eu/k', 'eu-west-101'],
    [
      { endpoint: 'obs.ap-southeast-1.myhuaweicloud.com' },
      'https://bkt.obs.ap-southeast-1.myhuaweicloud.com/k',
      'ap-southeast-1',
    ],
    [{ endpoint: 'obs.eu-de.otc.t-systems.com' }, 'https://bkt.obs.eu-de.otc.t-systems.com/k', 'eu-de'],
    [{ endpoint: 'obs.eu-de.otc.t-systems.com', region: 'r' }, 'https://bkt.obs.eu-de.otc.t-systems.com/k', 'r'],
    [{ region: 'eu-de' }, 'https://bkt.obs.eu-de.otc.t-systems.com/k', 'eu-de'],
    [{ region: 'eu-west-0' }, 'https://bkt.oss.eu-west-0.prod-cloud-ocb.orange-business.com/k', 'eu-west-0'],
    [
      { endpoint: 'oss.eu-west-0.prod-cloud-ocb.orange-business.com' },
      'https://bkt.oss.eu-west-0.prod-cloud-ocb.orange-business.com/k',
      'eu-west-0',
    ],
    [{ region: 'tr-central-201' }, 'https://bkt.obs.tr-central-201.hc.vodafone.com.tr/k', 'tr-central-201'],
    [{ region: 'ae-ad-1' }, 'https://bkt.obs.ae-ad-1.g42cloud.com/k', 'ae-ad-1'],
    // It serves all regions.
    [{ endpoint: 'obs.myhuaweicloud.com' }, 'https://bkt.obs.myhuaweicloud.com/k', undefined],
    // The certificate covers one name below the endpoint's.
    [{ region: 'cn-north-4', bucket: 'b.k.t' }, 'https://obs.cn-north-4.myhuaweicloud.com/b.k.t/k', 'cn-north-4'],
    [{ endpoint: 'http://store.example', bucket: 'b.k.t' }, 'http://b.k.t.store.example/k', undefined],
    [{ endpoint: 'store.example' }, 'https://bkt.store.example/k', undefined],
    [{ endpoint: 'http://10.0.0.1:5080' }, 'http://10.0.0.1:5080/bkt/k', undefined],
    [{ endpoint: 'http://localhost:9000' }, 'http://localhost:9000/bkt/k', undefined],
    [{ endpoint: 'store.example', addressing: 'path' }, 'https://store.example/bkt/k', undefined],
    [
      { endpoint: 'files.example:8443', addressing: 'cname' },
      'https://files.example:8443/k',
      undefined,
      'files.example',
    ],
  ]
  for (const [options, url, region, domain] of cases) {
    it(`is ${url} for ${inspect(options, { breakLength: Infinity })}`, () => {
      const address = addressOf(options)
      assert.equal(address.origin + address.pathOf('k'), url)
      assert.equal(address.region, region)
      assert.equal(address.domain, domain)
    })
  }
})

describe('an address of OBS that cannot be', () => {
  it('is in a region of Europe whose host is not known', () => {
    assert.throws(() => addressOf({ region: 'eu-x-9' }), invalidOption('region', 'give its host as endpoint'))
  })

  it('has a bucket with dots below a certificate that does not cover it', () => {
    const options = { region: 'cn-north-4', bucket: 'b.k.t', addressing: 'virtual' } as const
    assert.throws(() => addressOf(options), invalidOption('certificate', "'path'"))
  })

  it('is one without region and endpoint', () => {
    assert.throws(() => addressOf({}), invalidOption('region is missing', 'OBS_REGION', 'endpoint'))
  })

  for (const bucket of [
    '',
    'ab',
    'Bucket',
    '-bucket',
    'bucket-',
    '.bucket',
    'buc_ket',
    'b'.repeat(64),
    'bucket\n',
    '10.0.0.1',
    'a..b',
    'a.-b',
    'a-.b',
  ]) {
    it(`is refused: bucket ${JSON.stringify(bucket)}`, () => {
      assert.throws(() => obsAddress({ bucket, region: 'r' }), invalidOption('bucket must', '3 to 63'))
    })
  }

  for (const region of ['', 'cn north', 'CN-NORTH-4', 'evil.example/']) {
    it(`is refused: region ${JSON.stringify(region)}`, () => {
      assert.throws(() => addressOf({ region }), invalidOption('region must', 'cn-north-4'))
    })
  }

  it('is one of the wrong kind', () => {
    assert.throws(() => addressOf({ region: 'r', addressing: 'dns' as never }), invalidOption('addressing', "'cname'"))
    assert.throws(() => addressOf({ region: 'r', addressing: 'cname' }), invalidOption('addressing', 'endpoint'))
    assert.throws(() => addressOf({ endpoint: 'https://a.example/path' }), invalidOption('endpoint'))
  })
})
