/**
 * Where a bucket is: from region and network, or from an endpoint (alibabacloud-oss-go-sdk-v2, oss/endpoints.go and
 * oss/client.go; the documentation's "OSS regions and endpoints").
 */
import { isIP } from 'node:net'
import { checkOneOf, invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import { percentEncodeKey } from '../../signing/percent-encoding.js'

const OSS_NETWORKS = ['public', 'internal', 'accelerate', 'accelerate-overseas', 'dualstack'] as const
const OSS_ADDRESSINGS = ['virtual', 'path', 'cname'] as const

export type OssNetwork = (typeof OSS_NETWORKS)[number]
export type OssAddressing = (typeof OSS_ADDRESSINGS)[number]

export interface OssAddressOptions {
  bucket: string
  /** `cn-hangzhou`; the form with a leading `oss-` is understood too. Taken from an endpoint of OSS when absent. */
  region?: string | undefined
  /** A host, or a URL of scheme, host and port. Default: by region and network. HTTPS unless it says `http://`. */
  endpoint?: string | undefined
  /** Default `virtual`; `path` for an IP address or localhost. */
  addressing?: OssAddressing | undefined
  /** Default `public`. */
  network?: OssNetwork | undefined
}

export interface OssAddress {
  /** The general region id, such as `cn-hangzhou`; undefined when neither option tells it. */
  region: string | undefined
  origin: string
  pathOf(key: string | undefined): string
}

/** Throws UploadError where the options do not say where the bucket is. */
export function ossAddress(options: OssAddressOptions): OssAddress {
  const bucket = checkBucket(options.bucket)
  const network = checkOneOf('network', options.network ?? 'public', OSS_NETWORKS)
  const base = options.endpoint === undefined ? undefined : parseEndpoint(options.endpoint)
  const region = options.region === undefined ? regionOf(base?.hostname) : checkRegion(options.region)
  if (base === undefined && region === undefined) {
    throw new UploadError(
      'INVALID_OPTION',
      'region is missing: accepted is a region id such as cn-hangzhou (option region or environment variable OSS_REGION), or an endpoint',
    )
  }
  const url = base ?? new URL(`https://${hostOf(region ?? '', network)}`)
  const isNumeric = isIP(bare(url.hostname)) !== 0
  const addressing = checkOneOf(
    'addressing',
    options.addressing ?? (isNumeric || url.hostname === 'localhost' ? 'path' : 'virtual'),
    OSS_ADDRESSINGS,
  )
  if (addressing === 'virtual' && isNumeric) {
    throw invalidOption('addressing', addressing, "accepted is 'path' for an endpoint that is an IP address")
  }
  if (addressing === 'cname' && base === undefined) {
    throw invalidOption('addressing', addressing, 'accepted with an endpoint: the domain that is bound to the bucket')
  }
  const host = addressing === 'virtual' ? `${bucket}.${url.host}` : url.host
  const prefix = addressing === 'path' ? `/${bucket}/` : '/'
  return {
    region,
    origin: `${url.protocol}//${host}`,
    pathOf: (key) => prefix + percentEncodeKey(key ?? ''),
  }
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

function parseEndpoint(endpoint: string): URL {
  const accepted = "accepted is a host such as oss-cn-hangzhou.aliyuncs.com, or a URL such as 'http://127.0.0.1:9000'"
  if (endpoint.includes('@')) {
    throw new UploadError('INVALID_OPTION', `endpoint holds a user name or password: ${accepted}`)
  }
  let url: URL
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(endpoint) ? endpoint : `https://${endpoint}`)
  } catch {
    throw invalidOption('endpoint', endpoint, accepted)
  }
  const isHost = url.pathname === '/' && url.search === '' && url.hash === ''
  if (!isHost || !/^https?:$/.test(url.protocol)) throw invalidOption('endpoint', endpoint, accepted)
  return url
}

function checkBucket(bucket: string): string {
  if (/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket)) return bucket
  throw invalidOption('bucket', bucket, 'accepted are 3 to 63 of a-z, 0-9 and -, without - at the ends')
}

function checkRegion(region: string): string {
  const general = region.replace(/^oss-/, '')
  if (/^[a-z0-9-]+$/.test(general)) return general
  throw invalidOption('region', region, 'accepted is a region id such as cn-hangzhou')
}

/** The region that an endpoint of OSS names, whatever its network. */
function regionOf(hostname: string | undefined): string | undefined {
  const match = /^(?:oss-([a-z0-9-]+?)(?:-internal)?|([a-z0-9-]+)\.oss)\.aliyuncs\.com$/.exec(hostname ?? '')
  const region = match?.[1] ?? match?.[2]
  return region?.startsWith('accelerate') === true ? undefined : region
}

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}
