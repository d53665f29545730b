/** Hosts of AWS, compared with the endpoint rules of its own SDK. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { S3Client } from '@aws-sdk/client-s3'
import { s3Address, type S3AddressOptions } from '../../../src/stores/s3/s3-address.js'

const REGIONS = [
  ...['af-south-1', 'ap-east-1', 'ap-east-2', 'ap-northeast-1', 'ap-northeast-2', 'ap-northeast-3', 'ap-south-1'],
  ...['ap-south-2', 'ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3', 'ap-southeast-4', 'ap-southeast-5'],
  ...['ap-southeast-6', 'ap-southeast-7', 'ca-central-1', 'ca-west-1', 'eu-central-1', 'eu-central-2', 'eu-north-1'],
  ...['eu-south-1', 'eu-south-2', 'eu-west-1', 'eu-west-2', 'eu-west-3', 'il-central-1', 'me-central-1', 'me-south-1'],
  ...[
    'mx-central-1',
    'sa-east-1',
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
    'us-gov-east-1',
    'us-gov-west-1',
  ],
  ...['cn-north-1', 'cn-northwest-1', 'eusc-de-east-1', 'us-iso-east-1', 'us-iso-west-1', 'us-isob-east-1'],
  ...['us-isob-west-1', 'eu-isoe-west-1', 'us-isof-east-1', 'us-isof-south-1'],
] as const

const NETWORKS: Readonly<Record<NonNullable<S3AddressOptions['network']>, object>> = {
  public: {},
  dualstack: { UseDualStack: true },
  accelerate: { Accelerate: true },
  'accelerate-dualstack': { Accelerate: true, UseDualStack: true },
  fips: { UseFIPS: true },
  'fips-dualstack': { UseFIPS: true, UseDualStack: true },
}

/** Undefined where it is refused. */
function attempt(compute: () => string): string | undefined {
  try {
    return compute()
  } catch {
    return undefined
  }
}

describe('the hosts of AWS', () => {
  const { endpointProvider } = new S3Client({ region: 'us-east-1' }).config
  for (const [network, flags] of Object.entries(NETWORKS)) {
    it(`are those of its SDK in every region, with network ${network}`, () => {
      for (const region of REGIONS) {
        for (const bucket of ['bkt', 'b.k.t']) {
          const rules = attempt(() => {
            const { url } = endpointProvider({ Region: region, Bucket: bucket, UseGlobalEndpoint: false, ...flags })
            return url.href.replace(/\/?$/, '/k')
          })
          const own = attempt(() => {
            const address = s3Address({ bucket, region, network: network as keyof typeof NETWORKS })
            return address.origin + address.pathOf('k')
          })
          assert.equal(own, rules, `${region}, bucket ${bucket}`)
        }
      }
    })
  }

  it('name the region that the SDK signs for', () => {
    for (const region of REGIONS) {
      for (const network of ['public', 'dualstack', 'fips-dualstack'] as const) {
        if (network.startsWith('fips') && region.startsWith('cn-')) continue
        const { host } = new URL(s3Address({ bucket: 'bkt', region, network, addressing: 'path' }).origin)
        assert.equal(s3Address({ bucket: 'bkt', endpoint: host }).region, region)
      }
    }
  })
})
