/**
 * Determines the address of a bucket from region and network, or from an endpoint (alibabacloud-oss-go-sdk-v2,
 * oss/endpoints.go and oss/client.go; the documentation's "OSS regions and endpoints").
 */
import { checkOneOf, invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import {
  addressBucket,
  type Addressing,
  type BucketAddress,
  chooseAddressing,
  isBareHost,
  parseEndpoint,
} from '../bucket-address.js'

const OSS_NETWORKS = ['public', 'internal', 'accelerate', 'accelerate-overseas', 'dualstack'] as const

type OssNetwork = (typeof OSS_NETWORKS)[number]

export interface OssAddressOptions {
  bucket: string
  /** Region ID, such as `cn-hangzhou`, with or without `oss-` in front. Default: the one in the endpoint of OSS. */
  region?: string | undefined
  /** A host, or a URL of scheme, host and port. Default: by region and network. HTTPS unless it starts with `http://`. */
  endpoint?: string | undefined
  /** Default `virtual`; `path` for an IP address or localhost. */
  addressing?: Addressing | undefined
  /** Default `public`. */
  network?: OssNetwork | undefined
}

export interface OssAddress extends BucketAddress {
  /** Region ID, such as `cn-hangzhou`; undefined if neither option contains it. */
  region: string | undefined
}

/** Returns the address. Throws UploadError if the options do not determine it. */
export function ossAddress(options: OssAddressOptions): OssAddress {
  const bucket = checkBucket(options.bucket)
  const network = checkOneOf('network', options.network ?? 'public', OSS_NETWORKS)
  const base =
    options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint, 'oss-cn-hangzhou.aliyuncs.com')
  const region = options.region === undefined ? regionOf(base?.hostname) : checkRegion(options.region)
  if (base === undefined && region === undefined) {
    throw new UploadError(
      'INVALID_OPTION',
      'region is missing: give the option region, such as cn-hangzhou, set OSS_REGION, or give an endpoint',
    )
  }
  const url = base ?? new URL(`https://${hostOf(region ?? '', network)}`)
  const addressing = chooseAddressing(options.addressing, {
    usual: isBareHost(url) ? 'path' : 'virtual',
    endpoint: url,
    isNamed: base !== undefined,
  })
  return { region, ...addressBucket(url, bucket, addressing) }
}

function hostOf(region: string, network: OssNetwork): string {
  switch (network) {
    case 'public':
      return `oss-${region}.aliyuncs.com`
    case 'internal':
      return `oss-${region}-internal.aliyuncs.com`
    case 'dualstack':
      return `${region}.oss.aliyuncs.com`
    case 'accelerate':
      return 'oss-accelerate.aliyuncs.com'
    case 'accelerate-overseas':
      return 'oss-accelerate-overseas.aliyuncs.com'
  }
}

/** Old buckets may have `_` in their names; new ones cannot. */
function checkBucket(bucket: string): string {
  if (/^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/.test(bucket)) return bucket
  throw invalidOption('bucket', bucket, 'must have 3 to 63 of a-z, 0-9, - and _, without - or _ at the ends')
}

function checkRegion(region: string): string {
  const general = region.replace(/^oss-/, '')
  if (/^[a-z0-9-]+$/.test(general)) return general
  throw invalidOption('region', region, 'must be a region ID such as cn-hangzhou')
}

/** Names in hosts of the Finance Cloud that differ from their region ("Regions and endpoints", "Finance Cloud"). */
const REGIONS_OF_NAMES: ReadonlyMap<string, string> = new Map([
  ['cn-hzjbp', 'cn-hangzhou-finance'],
  ['cn-hzjbp-a', 'cn-hangzhou-finance'],
  ['cn-hzjbp-b', 'cn-hangzhou-finance'],
])

/** Returns the region in an endpoint of OSS, for any network. */
function regionOf(hostname: string | undefined): string | undefined {
  const match = /^(?:oss-([a-z0-9-]+?)(?:-internal)?|([a-z0-9-]+)\.oss)\.aliyuncs\.com$/.exec(hostname ?? '')
  const name = match?.[1] ?? match?.[2]
  if (name === undefined || name.startsWith('accelerate')) return undefined
  return REGIONS_OF_NAMES.get(name) ?? name
}
