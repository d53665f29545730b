/** The address of a bucket of S3 or an S3-compatible service (AWS General Reference, "S3 endpoints"). */
import { checkOneOf, invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import {
  addressBucket,
  type Addressing,
  type BucketAddress,
  chooseAddressing,
  isConfidential,
  parseEndpoint,
} from '../bucket-address.js'

const NETWORKS = ['public', 'dualstack', 'accelerate', 'accelerate-dualstack', 'fips', 'fips-dualstack'] as const
type S3Network = (typeof NETWORKS)[number]

export interface S3AddressOptions {
  bucket: string
  /**
   * Default: the region in the endpoint for AWS, Wasabi, Backblaze, Scaleway and DigitalOcean, otherwise `us-east-1`,
   * which most other services accept.
   */
  region?: string | undefined
  /** A host, or a URL of scheme, host, port and path. Default: that of AWS. HTTPS unless it starts with `http://`. */
  endpoint?: string | undefined
  /**
   * Default `virtual` on AWS, unless the bucket name has dots, which the certificate does not cover; `path` on other
   * services, where the bucket's host name often does not resolve.
   */
  addressing?: Addressing | undefined
  /**
   * The kind of endpoint of AWS. `fips`: with validated cryptography. China has neither `fips` nor `accelerate`. Default
   * `public`.
   */
  network?: S3Network | undefined
}

export interface S3Address extends BucketAddress {
  region: string
  isAws: boolean
  isHttps: boolean
  /** Whether nobody on the network can read the requests. */
  isConfidential: boolean
}

const CHINA = 'amazonaws.com.cn'

/**
 * The domain of each partition of AWS, by the prefix of its regions (aws-sdk-js-v3, the partitions of its endpoint
 * rules, read 2026-11-28). All other regions belong to `amazonaws.com`.
 */
const PARTITIONS: readonly (readonly [regions: RegExp, domain: string])[] = [
  [/^cn-/, CHINA],
  [/^eusc-/, 'amazonaws.eu'],
  [/^us-iso-/, 'c2s.ic.gov'],
  [/^us-isob-/, 'sc2s.sgov.gov'],
  [/^eu-isoe-/, 'cloud.adc-e.uk'],
  [/^us-isof-/, 'csp.hci.ic.gov'],
]
const DEFAULT_DOMAIN = 'amazonaws.com'
const DOMAINS: readonly string[] = [DEFAULT_DOMAIN, ...PARTITIONS.map(([, domain]) => domain)]

const DOMAIN_PATTERN = `(?:${DOMAINS.map((domain) => domain.replaceAll('.', '\\.')).join('|')})`
const AWS = new RegExp(`(?:^|\\.)${DOMAIN_PATTERN}$`)

/** Returns the address. Throws UploadError if the options do not determine it. */
export function s3Address(options: S3AddressOptions): S3Address {
  const bucket = checkBucket(options.bucket)
  const given =
    options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint, 's3.eu-central-1.amazonaws.com', true)
  const region = checkRegion(options.region ?? regionOf(given?.hostname) ?? 'us-east-1')
  const network = checkOneOf('network', options.network ?? 'public', NETWORKS)
  if (given !== undefined && options.network !== undefined) {
    throw invalidOption('network', options.network, 'must be left out when an endpoint is given')
  }
  const url = given ?? new URL(`https://${hostOf(region, network)}`)
  const isAws = AWS.test(url.hostname)
  const addressing = chooseAddressing(options.addressing, {
    usual: isAws && !bucket.includes('.') ? 'virtual' : 'path',
    endpoint: url,
    isNamed: given !== undefined,
  })
  if (network.startsWith('accelerate') && addressing !== 'virtual') {
    throw new UploadError(
      'INVALID_OPTION',
      `network '${network}' needs addressing 'virtual' and a bucket without dots (addressing is '${addressing}')`,
    )
  }
  return {
    region,
    isAws,
    isHttps: url.protocol === 'https:',
    isConfidential: isConfidential(url),
    ...addressBucket(url, bucket, addressing),
  }
}

function hostOf(region: string, network: S3Network): string {
  const domain = PARTITIONS.find(([regions]) => regions.test(region))?.[1] ?? DEFAULT_DOMAIN
  const dualstack = network.endsWith('dualstack') ? 'dualstack.' : ''
  const kind = /^(?:accelerate|fips)/.exec(network)?.[0]
  if (kind !== undefined && domain === CHINA) {
    throw invalidOption('network', network, "must be 'public' or 'dualstack' in China")
  }
  if (kind === 'accelerate') return `s3-accelerate.${dualstack}${domain}`
  return `s3${kind === 'fips' ? '-fips' : ''}.${dualstack}${region}.${domain}`
}

/** `s3-external-1` is an alias of us-east-1; `s3-fips` precedes the region, with a dot or a hyphen. */
const REGION = new RegExp(
  `(?:^|\\.)s3[.-](?:fips[.-])?(?:dualstack\\.)?(?!accelerate\\.|dualstack\\.|external-1\\.|fips\\.)([a-z0-9-]+)(?:\\.vpce)?\\.${DOMAIN_PATTERN}$`,
)

/** Services whose host names contain the region of their signatures (`docs/wire-facts.md`). */
const OF_OTHERS: readonly RegExp[] = [
  // Its short names, such as `nl-1`, are not regions.
  /^s3\.([a-z]{2}-[a-z]+-\d+)\.wasabisys\.com$/,
  /^s3\.([a-z]+-[a-z]+-\d+)\.backblazeb2\.com$/,
  /^s3\.([a-z]+-[a-z]+)\.scw\.cloud$/,
  /^([a-z]+\d+)\.digitaloceanspaces\.com$/,
]

function regionOf(hostname = ''): string | undefined {
  return [REGION, ...OF_OTHERS].map((pattern) => pattern.exec(hostname)?.[1]).find((region) => region !== undefined)
}

function checkBucket(bucket: string): string {
  if (bucket.endsWith('--x-s3')) {
    throw invalidOption(
      'bucket',
      bucket,
      'must be a general purpose bucket: directory buckets (S3 Express One Zone) are not supported',
    )
  }
  if (bucket.startsWith('arn:')) {
    const advice = 'must be a name, not an ARN: for an access point give its alias, which ends with -s3alias'
    throw invalidOption('bucket', bucket, advice)
  }
  // Other services, and the oldest buckets of AWS, permit names that AWS does not permit today.
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) return bucket
  throw invalidOption(
    'bucket',
    bucket,
    'must have 3 to 255 of A-Z, a-z, 0-9, ., _ and -, with a letter or digit at the ends',
  )
}

function checkRegion(region: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(region)) return region
  throw invalidOption('region', region, 'must be a region ID such as eu-central-1')
}
