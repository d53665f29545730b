/**
 * The signature of Huawei Cloud OBS, and the AWS version 2 signature, which OBS accepts as well: the same string with
 * another name and `x-amz-` headers. Sources: esdk-obs-nodejs, lib/utils.js; huaweicloud-sdk-python-obs, obs/auth.py; API
 * reference, "Authentication of Signature in a Header". Unlike in OSS version 1 the key is percent-encoded.
 */
import { createHmac } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'
import { percentEncode, percentEncodeKey } from './percent-encoding.js'
import {
  canonicalHeaderLines,
  compareBytes,
  lowerCaseHeaders,
  type QueryParameter,
  type SignableRequest,
} from './signable-request.js'

type ObsSignatureMode = 'obs' | 'aws'

export interface ObsContext {
  /** Default `obs`. */
  mode?: ObsSignatureMode
  /** Custom domain of the request, which replaces the bucket. */
  domain?: string | undefined
}

const SCHEMES = {
  obs: { name: 'OBS', prefix: 'x-obs-', accessKeyParameter: 'AccessKeyId' },
  aws: { name: 'AWS', prefix: 'x-amz-', accessKeyParameter: 'AWSAccessKeyId' },
} as const

/** Query parameters, in lower case, that are part of the resource; all others are not signed. */
const SUB_RESOURCES = new Set(
  `acl append attname backtosource bucketstatus cors customdomain delete deletebucket directcoldaccess encryption
  inventory length lifecycle location logging metadata mirrorbacktosource modify name notification object-lock
  partnumber policy policystatus position publicaccessblock quota rename replication requestpayment
  response-cache-control response-content-disposition response-content-encoding response-content-language
  response-content-type response-expires restore retention storageclass storageinfo storagepolicy tagging torrent
  truncate uploadid uploads versionid versioning versions website x-image-process x-image-save-bucket
  x-image-save-object x-oss-process`.split(/\s+/),
)

/** Returns the headers that authorize `request`. They must be sent with it; its own headers stay unchanged. */
export function signObs(
  request: SignableRequest,
  credentials: Credentials,
  context: ObsContext & { date: Date },
): Record<string, string> {
  const { name, prefix } = SCHEMES[context.mode ?? 'obs']
  const headers: Record<string, string> = { date: context.date.toUTCString() }
  if (credentials.securityToken !== undefined) headers[`${prefix}security-token`] = credentials.securityToken
  const signed = { ...request, headers: { ...request.headers, ...headers } }
  const signature = obsSignature(obsStringToSign(signed, context), credentials)
  return { ...headers, authorization: `${name} ${credentials.accessKeyId}:${signature}` }
}

/** Returns the query of a presigned URL: that of the request and the parameters that authorize it. */
export function presignObs(
  request: SignableRequest,
  credentials: Credentials,
  context: ObsContext & { expiresAt: Date },
): QueryParameter[] {
  const { prefix, accessKeyParameter } = SCHEMES[context.mode ?? 'obs']
  const expires = String(Math.floor(context.expiresAt.getTime() / 1000))
  const query: QueryParameter[] = [...request.query]
  if (credentials.securityToken !== undefined) query.push([`${prefix}security-token`, credentials.securityToken])
  const signature = obsSignature(obsStringToSign({ ...request, query }, context, expires), credentials)
  return [...query, [accessKeyParameter, credentials.accessKeyId], ['Expires', expires], ['Signature', signature]]
}

/** Returns the string to sign. `expires` replaces the date in a presigned URL. */
export function obsStringToSign(request: SignableRequest, context: ObsContext = {}, expires?: string): string {
  const { prefix } = SCHEMES[context.mode ?? 'obs']
  const headers = lowerCaseHeaders(request.headers)
  // A date in an `x-obs-` header is signed with those headers, and the date here stays empty.
  const date = expires ?? (headers.has(`${prefix}date`) ? '' : (headers.get('date') ?? ''))
  const fixed = [request.method, headers.get('content-md5') ?? '', headers.get('content-type') ?? '', date]
  const ownHeaders = canonicalHeaderLines(headers, (name) => name.startsWith(prefix))
  return `${fixed.join('\n')}\n${ownHeaders}${resource(request, prefix, context.domain)}`
}

export function obsSignature(stringToSign: string, credentials: Pick<Credentials, 'accessKeySecret'>): string {
  return createHmac('sha1', credentials.accessKeySecret).update(stringToSign).digest('base64')
}

function resource({ bucket, key = '', query }: SignableRequest, prefix: string, domain: string | undefined): string {
  const root = domain ?? bucket
  const path = root === undefined ? '/' : `/${percentEncode(root)}/${percentEncodeKey(key)}`
  const subResources = query
    .filter(([name]) => SUB_RESOURCES.has(name.toLowerCase()) || name.toLowerCase().startsWith(prefix))
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return subResources.length > 0 ? `${path}?${subResources.join('&')}` : path
}
