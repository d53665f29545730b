import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { describe, it } from 'node:test'
import { obsAddress, type ObsAddressOptions } from '../../../src/stores/obs/obs-address.js'
import { invalidOption } from '../../support/errors.js'

type Options = Omit<ObsAddressOptions, 'bucket'>

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
  it('is one without region and endpoint', () => {
    assert.throws(() => addressOf({}), invalidOption('region is missing', 'OBS_REGION', 'endpoint'))
  })

  for (const bucket of ['', 'ab', 'Bucket', '-bucket', 'bucket-', '.bucket', 'buc_ket', 'b'.repeat(64), 'bucket\n']) {
    it(`is refused: bucket ${JSON.stringify(bucket)}`, () => {
      assert.throws(() => obsAddress({ bucket, region: 'r' }), invalidOption('bucket is', '3 to 63'))
    })
  }

  for (const region of ['', 'cn north', 'CN-NORTH-4', 'evil.example/']) {
    it(`is refused: region ${JSON.stringify(region)}`, () => {
      assert.throws(() => addressOf({ region }), invalidOption('region is', 'cn-north-4'))
    })
  }

  it('is one of the wrong kind', () => {
    assert.throws(() => addressOf({ region: 'r', addressing: 'dns' as never }), invalidOption('addressing', "'cname'"))
    assert.throws(() => addressOf({ region: 'r', addressing: 'cname' }), invalidOption('addressing', 'endpoint'))
    assert.throws(() => addressOf({ endpoint: 'https://a.example/path' }), invalidOption('endpoint'))
  })
})
