/** Finds the bucket and key of a request in its host and path, in the three styles that clients use. */
import { isIP } from 'node:net'
import { Refusal } from '../refusal.js'
import { decodeUri, type Call } from './call.js'

export interface Address {
  /**
   * `path`: `/{bucket}/{key}`; `virtual`: the bucket is the first label of the host; `custom`: the host is a custom
   * domain of it.
   */
  readonly style: 'path' | 'virtual' | 'custom'
  /** Absent for operations on the service. */
  readonly bucket?: string
  /** Absent for operations on the bucket. */
  readonly key?: string
}

export interface AddressRules {
  /** The custom domains (CNAME) and their buckets. */
  readonly domains: ReadonlyMap<string, string>
  readonly bucketName: RegExp
}

export function addressOf(call: Call, { domains, bucketName }: AddressRules): Address {
  const bound = domains.get(call.host)
  if (bound !== undefined) return inBucket('custom', bound, call.rawPath.slice(1))
  const bucket = bucketOfHost(call.host)
  if (bucket !== undefined) return inBucket('virtual', bucket, call.rawPath.slice(1))
  const [first = '', ...rest] = call.rawPath.slice(1).split('/')
  return first === '' && rest.length === 0 ? { style: 'path' } : inBucket('path', decodeUri(first), rest.join('/'))

  function inBucket(style: Address['style'], name: string, rawKey: string): Address {
    if (!bucketName.test(name)) throw new Refusal('invalid-bucket-name', { BucketName: name })
    return rawKey === '' ? { style, bucket: name } : { style, bucket: name, key: decodeUri(rawKey) }
  }
}

/** Undefined if the host names the service itself: an IP address, a bare name, or a public endpoint. */
function bucketOfHost(host: string): string | undefined {
  const isAddress = isIP(host) !== 0 || host.startsWith('[')
  if (isAddress || isServiceHost(host) || OTHER_SERVICE_HOST.test(host)) return undefined
  // Bucket names may contain dots, if the service allows it.
  const known = /^(.+)\.(?:s3[.-][a-z0-9.-]+\.amazonaws\.com|obs\.[a-z0-9-]+\.myhuaweicloud\.(?:com|eu))$/.exec(host)
  if (known !== null) return known[1]
  const dot = host.indexOf('.')
  return dot < 0 ? undefined : host.slice(0, dot)
}

/** Endpoints of OBS and S3. */
const OTHER_SERVICE_HOST = /^(?:s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com|obs\.[a-z0-9-]+\.myhuaweicloud\.(?:com|eu))$/

/** `oss-cn-hangzhou.aliyuncs.com`, `cn-hangzhou.oss.aliyuncs.com`, `oss-accelerate.aliyuncs.com` and similar. */
export function isServiceHost(host: string): boolean {
  return /^(oss-[a-z0-9-]+|[a-z0-9-]+\.oss)\.aliyuncs\.com$/.test(host)
}
