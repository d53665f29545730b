/** The address of an OBS bucket (Huawei Cloud, "Regions and Endpoints"; esdk-obs-nodejs, lib/utils.js). */
import { isIP } from 'node:net'
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
  /** Region ID, such as `cn-north-4`. Default: the one in the endpoint of OBS. */
  region?: string | undefined
  /** A host, or a URL of scheme, host and port. Default: by region. HTTPS unless it starts with `http://`. */
  endpoint?: string | undefined
  /**
   * Default `virtual`; `path` for an IP address or localhost, and over HTTPS for a bucket with dots, because the certificate
   * does not cover its host name.
   */
  addressing?: Addressing | undefined
}

export interface ObsAddress extends BucketAddress {
  /** Undefined if neither option contains it. */
  region: string | undefined
  /** Custom domain, which replaces the bucket in a signature. */
  domain: string | undefined
  /** Whether nobody on the network can read the requests. */
  isConfidential: boolean
}

/** Returns the address. Throws UploadError if the options do not determine it. */
export function obsAddress(options: ObsAddressOptions): ObsAddress {
  const bucket = checkBucket(options.bucket)
  const given =
    options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint, 'obs.cn-north-4.myhuaweicloud.com')
  const region = options.region === undefined ? regionOf(given?.hostname) : checkRegion(options.region)
  const url = given ?? endpointOf(region)
  const isUncertified = bucket.includes('.') && url.protocol === 'https:'
  const addressing = chooseAddressing(options.addressing, {
    usual: isBareHost(url) || isUncertified ? 'path' : 'virtual',
    endpoint: url,
    isNamed: given !== undefined,
  })
  if (isUncertified && addressing === 'virtual' && OF_HUAWEI.test(url.hostname)) {
    throw invalidOption(
      'addressing',
      addressing,
      "must be 'path' or 'cname', or the endpoint must begin with http://, because the certificate of OBS does not cover a bucket with dots",
    )
  }
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
      'region is missing: give the option region, such as cn-north-4, set OBS_REGION, or give an endpoint',
    )
  }
  const host = HOSTS.get(region)
  if (host === undefined && region.startsWith('eu-')) {
    throw invalidOption(
      'region',
      region,
      'must be a region with a known host: give its host as endpoint, such as obs.REGION.DOMAIN',
    )
  }
  return new URL(`https://${host ?? `obs.${region}.myhuaweicloud.com`}`)
}

/** Hosts that do not follow from the region, most of them in clouds of other companies (`docs/wire-facts.md`). */
const HOSTS: ReadonlyMap<string, string> = new Map([
  ['eu-west-101', 'obs.eu-west-101.myhuaweicloud.eu'],
  ['eu-de', 'obs.eu-de.otc.t-systems.com'],
  ['eu-nl', 'obs.eu-nl.otc.t-systems.com'],
  ['eu-west-0', 'oss.eu-west-0.prod-cloud-ocb.orange-business.com'],
  ['tr-central-201', 'obs.tr-central-201.hc.vodafone.com.tr'],
  ['ae-ad-1', 'obs.ae-ad-1.g42cloud.com'],
])

const OF_HUAWEI = /(?:^|\.)myhuaweicloud\.(?:com|eu)$/

/** Returns the region in an endpoint of OBS, of any company; `obs.myhuaweicloud.com` has none. */
function regionOf(hostname = ''): string | undefined {
  return /^(?:obs|oss)\.([a-z0-9-]+)\.[a-z0-9-]+\.[a-z]/.exec(hostname)?.[1]
}

/** Huawei Cloud OBS, "Creating a Bucket": no IP address, no two dots in a row, no dot beside a hyphen. */
function checkBucket(bucket: string): string {
  const isName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) && !/\.[.-]|-\./.test(bucket)
  if (isName && isIP(bucket) === 0) return bucket
  throw invalidOption(
    'bucket',
    bucket,
    'must have 3 to 63 of a-z, 0-9, - and ., without - or . at the ends or beside a dot, and no IP address',
  )
}

function checkRegion(region: string): string {
  if (/^[a-z0-9-]+$/.test(region)) return region
  throw invalidOption('region', region, 'must be a region ID such as cn-north-4')
}
