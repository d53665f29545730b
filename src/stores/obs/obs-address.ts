/** Where a bucket of OBS is (Huawei Cloud's "Regions and Endpoints"; esdk-obs-nodejs, lib/utils.js). */
import { invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import {
  addressBucket,
  type Addressing,
  type BucketAddress,
  chooseAddressing,
  isBareHost,
  isConfidential,
  parseEndpoint,
} from '../bucket-address.js'

export interface ObsAddressOptions {
  bucket: string
  /** `cn-north-4`. Taken from an endpoint of OBS when absent. */
  region?: string | undefined
  /** A host, or a URL of scheme, host and port. Default: by region. HTTPS unless it says `http://`. */
  endpoint?: string | undefined
  /** Default `virtual`; `path` for an IP address or localhost. */
  addressing?: Addressing | undefined
}

export interface ObsAddress extends BucketAddress {
  /** Undefined when neither option tells it. */
  region: string | undefined
  /** The custom domain, which takes the bucket's place in a signature. */
  domain: string | undefined
  /** Whether what is sent cannot be read on the way. */
  isConfidential: boolean
}

/** Throws UploadError where the options do not say where the bucket is. */
export function obsAddress(options: ObsAddressOptions): ObsAddress {
  const bucket = checkBucket(options.bucket)
  const given =
    options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint, 'obs.cn-north-4.myhuaweicloud.com')
  const region = options.region === undefined ? regionOf(given?.hostname) : checkRegion(options.region)
  const url = given ?? endpointOf(region)
  const addressing = chooseAddressing(options.addressing, {
    usual: isBareHost(url) ? 'path' : 'virtual',
    endpoint: url,
    isNamed: given !== undefined,
  })
  return {
    region,
    domain: addressing === 'cname' ? url.hostname : undefined,
    isConfidential: isConfidential(url),
    ...addressBucket(url, bucket, addressing),
  }
}

function endpointOf(region: string | undefined): URL {
  if (region === undefined) {
    throw new UploadError(
      'INVALID_OPTION',
      'region is missing: accepted is a region id such as cn-north-4 (option region or environment variable OBS_REGION), or an endpoint',
    )
  }
  return new URL(`https://obs.${region}.myhuaweicloud.${region.startsWith('eu-') ? 'eu' : 'com'}`)
}

/** The region that an endpoint of OBS names, whoever runs it. */
function regionOf(hostname: string | undefined): string | undefined {
  return /^obs\.([a-z0-9-]+)\.[a-z]/.exec(hostname ?? '')?.[1]
}

function checkBucket(bucket: string): string {
  if (/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return bucket
  throw invalidOption('bucket', bucket, 'accepted are 3 to 63 of a-z, 0-9, - and ., without - or . at the ends')
}

function checkRegion(region: string): string {
  if (/^[a-z0-9-]+$/.test(region)) return region
  throw invalidOption('region', region, 'accepted is a region id such as cn-north-4')
}
