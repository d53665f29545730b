/** Which bucket and key a request is about: from its host and path, in the three ways clients write that. */
import { isIP } from 'node:net'
import { Refusal } from '../refusal.js'
import { decodeUri, type Call } from './call.js'

export interface Address {
  /** `path`: `/{bucket}/{key}`; `virtual`: the bucket is the host's first label; `custom`: the host stands for it. */
  readonly style: 'path' | 'virtual' | 'custom'
  /** Absent for calls on the service. */
  readonly bucket?: string
  /** Absent for calls on the bucket. */
  readonly key?: string
}

/** `domains` are the custom domains (CNAME) with the buckets they stand for. */
export function addressOf(call: Call, domains: ReadonlyMap<string, string>): Address {
  const bound = domains.get(call.host)
  if (bound !== undefined) return inBucket('custom', bound, call.rawPath.slice(1))
  const bucket = bucketOfHost(call.host)
  if (bucket !== undefined) return inBucket('virtual', bucket, call.rawPath.slice(1))
  const [first = '', ...rest] = call.rawPath.slice(1).split('/')
  return first === '' && rest.length === 0 ? { style: 'path' } : inBucket('path', decodeUri(first), rest.join('/'))
}

function inBucket(style: Address['style'], bucket: string, rawKey: string): Address {
  if (!/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(bucket))
    throw new Refusal('invalid-bucket-name', { BucketName: bucket })
  return rawKey === '' ? { style, bucket } : { style, bucket, key: decodeUri(rawKey) }
}

/** Undefined where the host names the service itself: an IP address, a bare name, or a public endpoint. */
function bucketOfHost(host: string): string | undefined {
  const isAddress = isIP(host) !== 0 || host.startsWith('[')
  if (isAddress || isServiceHost(host)) return undefined
  const dot = host.indexOf('.')
  return dot < 0 ? undefined : host.slice(0, dot)
}

/** `oss-cn-hangzhou.aliyuncs.com`, `cn-hangzhou.oss.aliyuncs.com`, `oss-accelerate.aliyuncs.com` and their like. */
export function isServiceHost(host: string): boolean {
  return /^(oss-[a-z0-9-]+|[a-z0-9-]+\.oss)\.aliyuncs\.com$/.test(host)
}
