/**
 * OSS signature version 1. Sources: alibabacloud-oss-go-sdk-v2, oss/signer/v1.go; documentation, "Add a signature to the
 * header". Unlike in version 4, the key and the values of sub-resources are not percent-encoded.
 */
import { createHmac } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'
import {
  canonicalHeaderLines,
  compareBytes,
  lowerCaseHeaders,
  type QueryParameter,
  type SignableRequest,
} from './signable-request.js'

/** Query parameters that are part of the resource; all others are not signed. */
const SUB_RESOURCES = new Set(
  `acl append asyncFetch bucketInfo callback callback-var cloudboxes cname comp continuation-token cors delete
  encryption endTime img inventory inventoryId lifecycle live location logging metaQuery objectMeta partNumber policy
  position qos qosInfo referer regionList replication replicationLocation replicationProgress requestPayment
  resourceGroup response-cache-control response-content-disposition response-content-encoding
  response-content-language response-content-type response-expires responseHeader restore rtc security-token
  sequential startTime stat status style styleName symlink tagging transferAcceleration uploadId uploads versionId
  versioning versions vod website withHashContext worm wormExtend wormId`.split(/\s+/),
)

/** Returns the headers that authorize `request`. They must be sent with it; its own headers stay unchanged. */
export function signOssV1(
  request: SignableRequest,
  credentials: Credentials,
  context: { date: Date },
): Record<string, string> {
  const headers: Record<string, string> = { 'x-oss-date': context.date.toUTCString() }
  if (credentials.securityToken !== undefined) headers['x-oss-security-token'] = credentials.securityToken
  const signed = { ...request, headers: { ...request.headers, ...headers } }
  const signature = ossV1Signature(ossV1StringToSign(signed), credentials)
  return { ...headers, authorization: `OSS ${credentials.accessKeyId}:${signature}` }
}

/** Returns the query of a presigned URL: that of the request and the parameters that authorize it. */
export function presignOssV1(
  request: SignableRequest,
  credentials: Credentials,
  context: { expiresAt: Date },
): QueryParameter[] {
  const expires = String(Math.floor(context.expiresAt.getTime() / 1000))
  const query: QueryParameter[] = [...request.query]
  if (credentials.securityToken !== undefined) query.push(['security-token', credentials.securityToken])
  const signature = ossV1Signature(ossV1StringToSign({ ...request, query }, expires), credentials)
  return [...query, ['Expires', expires], ['OSSAccessKeyId', credentials.accessKeyId], ['Signature', signature]]
}

/** Returns the string to sign. `expires` replaces the date in a presigned URL. */
export function ossV1StringToSign(request: SignableRequest, expires?: string): string {
  const headers = lowerCaseHeaders(request.headers)
  const date = expires ?? headers.get('x-oss-date') ?? headers.get('date') ?? ''
  const fixed = [request.method, headers.get('content-md5') ?? '', headers.get('content-type') ?? '', date]
  const ossHeaders = canonicalHeaderLines(headers, (name) => name.startsWith('x-oss-'))
  return `${fixed.join('\n')}\n${ossHeaders}${resource(request)}`
}

export function ossV1Signature(stringToSign: string, credentials: Pick<Credentials, 'accessKeySecret'>): string {
  return createHmac('sha1', credentials.accessKeySecret).update(stringToSign).digest('base64')
}

function resource({ bucket, key = '', query }: SignableRequest): string {
  const path = bucket === undefined ? '/' : `/${bucket}/${key}`
  const subResources = query
    .filter(([name]) => SUB_RESOURCES.has(name) || name.startsWith('x-oss-'))
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return subResources.length > 0 ? `${path}?${subResources.join('&')}` : path
}
