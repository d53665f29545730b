/**
 * OSS signature version 4 (source: alibabacloud-oss-go-sdk-v2, oss/signer/v4.go). The canonical path always starts with
 * the bucket, even if the host name contains it.
 */
import { createHash } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'
import { derivedKey, hmac } from './derived-key.js'
import { percentEncode, percentEncodeKey } from './percent-encoding.js'
import {
  canonicalHeaderLines,
  compareBytes,
  lowerCaseHeaders,
  type QueryParameter,
  type SignableRequest,
} from './signable-request.js'

const ALGORITHM = 'OSS4-HMAC-SHA256'
const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

export interface OssV4Context {
  /** The region ID, such as `cn-hangzhou`, never `oss-cn-hangzhou`. */
  region: string
  /** `oss`, or `oss-cloudbox` with the CloudBox ID as region. */
  product?: string
  date: Date
  /** Additional headers to sign. Headers that are always signed, or absent from the request, are ignored. */
  additionalHeaders?: readonly string[]
}

/** Returns the headers that authorize `request`. They must be sent with it; its own headers stay unchanged. */
export function signOssV4(
  request: SignableRequest,
  credentials: Credentials,
  context: OssV4Context,
): Record<string, string> {
  const dateTime = formatOssV4Date(context.date)
  const headers: Record<string, string> = {
    'x-oss-date': dateTime,
    'x-oss-content-sha256': UNSIGNED_PAYLOAD,
  }
  if (credentials.securityToken !== undefined) headers['x-oss-security-token'] = credentials.securityToken
  const signed = { ...request, headers: { ...request.headers, ...headers } }
  const additional = additionalHeaderNames(signed, context.additionalHeaders)
  const scope = scopeOf(dateTime, context)
  const signature = ossV4Signature(ossV4CanonicalRequest(signed, additional), dateTime, scope, credentials)
  const additionalField = additional.length > 0 ? `,AdditionalHeaders=${additional.join(';')}` : ''
  headers['authorization'] =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}${additionalField},Signature=${signature}`
  return headers
}

/** Returns the query of a presigned URL: that of the request and the parameters that authorize it. */
export function presignOssV4(
  request: SignableRequest,
  credentials: Credentials,
  context: OssV4Context & { expiresInSeconds: number },
): QueryParameter[] {
  const dateTime = formatOssV4Date(context.date)
  const scope = scopeOf(dateTime, context)
  const additional = additionalHeaderNames(request, context.additionalHeaders)
  const query: QueryParameter[] = [
    ...request.query,
    ['x-oss-signature-version', ALGORITHM],
    ['x-oss-date', dateTime],
    ['x-oss-expires', String(context.expiresInSeconds)],
    ['x-oss-credential', `${credentials.accessKeyId}/${scope}`],
  ]
  if (additional.length > 0) query.push(['x-oss-additional-headers', additional.join(';')])
  if (credentials.securityToken !== undefined) query.push(['x-oss-security-token', credentials.securityToken])
  const canonicalRequest = ossV4CanonicalRequest({ ...request, query }, additional)
  return [...query, ['x-oss-signature', ossV4Signature(canonicalRequest, dateTime, scope, credentials)]]
}

/** Returns the canonical request, whose hash is part of the string to sign. `additional` are sorted lower-case names. */
export function ossV4CanonicalRequest(request: SignableRequest, additional: readonly string[]): string {
  const isSigned = (name: string) => isAlwaysSigned(name) || additional.includes(name)
  return [
    request.method,
    canonicalPath(request),
    canonicalQuery(request.query),
    canonicalHeaderLines(lowerCaseHeaders(request.headers), isSigned),
    additional.join(';'),
    UNSIGNED_PAYLOAD,
  ].join('\n')
}

/** Returns the string to sign. `scope` is `yyyymmdd/region/product/aliyun_v4_request`, with the date of `dateTime`. */
export function ossV4StringToSign(canonicalRequest: string, dateTime: string, scope: string): string {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex')
  return [ALGORITHM, dateTime, scope, hash].join('\n')
}

export function ossV4Signature(
  canonicalRequest: string,
  dateTime: string,
  scope: string,
  credentials: Pick<Credentials, 'accessKeySecret'>,
): string {
  const key = derivedKey(`aliyun_v4${credentials.accessKeySecret}`, scope)
  return hmac(key, ossV4StringToSign(canonicalRequest, dateTime, scope)).toString('hex')
}

/** Returns `yyyymmddThhmmssZ` in UTC. */
export function formatOssV4Date(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '')
}

function scopeOf(dateTime: string, { region, product = 'oss' }: OssV4Context): string {
  return `${dateTime.slice(0, 8)}/${region}/${product}/aliyun_v4_request`
}

function canonicalPath({ bucket, key = '' }: SignableRequest): string {
  return bucket === undefined ? '/' : `/${percentEncode(bucket)}/${percentEncodeKey(key)}`
}

function canonicalQuery(query: readonly QueryParameter[]): string {
  return query
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compareBytes(nameA, nameB) || compareBytes(valueA, valueB))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
    .join('&')
}

function additionalHeaderNames(request: SignableRequest, wanted: readonly string[] = []): string[] {
  if (wanted.length === 0) return []
  const present = lowerCaseHeaders(request.headers)
  const names = new Set(wanted.map((name) => name.toLowerCase()))
  return [...names].filter((name) => present.has(name) && !isAlwaysSigned(name)).sort(compareBytes)
}

function isAlwaysSigned(name: string): boolean {
  return name === 'content-type' || name === 'content-md5' || name.startsWith('x-oss-')
}
