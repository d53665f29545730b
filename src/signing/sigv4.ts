/**
 * AWS Signature Version 4 for S3 and compatible services (S3 API reference, "Authenticating Requests"). Unlike other AWS
 * services, S3 signs the path as it is sent: encoded once, never normalized.
 */
import { createHash } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'
import { derivedKey, hmac } from './derived-key.js'
import { percentEncode } from './percent-encoding.js'
import { compareBytes, lowerCaseHeaders, type QueryParameter } from './signable-request.js'

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** Replaces the payload hash if the body is not signed. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

export interface SigV4Request {
  method: string
  /** As it is sent, percent-encoded. */
  path: string
  query: readonly QueryParameter[]
  /** Names in any case. `Host` is required, with its port unless it is the default port of the scheme. */
  headers: Readonly<Record<string, string>>
}

export interface SigV4Context {
  region: string
  date: Date
}

/** Headers that proxies change, or that are set below this library. */
const UNSIGNABLE = new Set(['authorization', 'connection', 'expect', 'transfer-encoding', 'user-agent'])

/** Returns the headers that authorize `request`. They must be sent with it; its own headers stay unchanged. */
export function signSigV4(
  request: SigV4Request,
  credentials: Credentials,
  context: SigV4Context & {
    /** SHA-256 of the body in lower-case hex, or `UNSIGNED_PAYLOAD`. */
    payloadHash: string
  },
): Record<string, string> {
  const { payloadHash } = context
  const dateTime = formatDate(context.date)
  const headers: Record<string, string> = { 'x-amz-date': dateTime, 'x-amz-content-sha256': payloadHash }
  if (credentials.securityToken !== undefined) headers['x-amz-security-token'] = credentials.securityToken
  const canonical = sigV4CanonicalRequest({ ...request, headers: { ...request.headers, ...headers } }, payloadHash)
  const scope = scopeOf(dateTime, context.region)
  const signature = sigV4Signature(canonical.text, dateTime, scope, credentials)
  headers['authorization'] =
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${canonical.signedHeaders}, Signature=${signature}`
  return headers
}

/** Returns the query of a presigned URL: that of the request and the parameters that authorize it. */
export function presignSigV4(
  request: SigV4Request,
  credentials: Credentials,
  context: SigV4Context & { expiresInSeconds: number },
): QueryParameter[] {
  const dateTime = formatDate(context.date)
  const scope = scopeOf(dateTime, context.region)
  const query: QueryParameter[] = [
    ...request.query,
    ['X-Amz-Algorithm', ALGORITHM],
    ['X-Amz-Credential', `${credentials.accessKeyId}/${scope}`],
    ['X-Amz-Date', dateTime],
    ['X-Amz-Expires', String(context.expiresInSeconds)],
    ['X-Amz-SignedHeaders', signedHeaderNames(request.headers).join(';')],
  ]
  if (credentials.securityToken !== undefined) query.push(['X-Amz-Security-Token', credentials.securityToken])
  const canonical = sigV4CanonicalRequest({ ...request, query }, UNSIGNED_PAYLOAD)
  return [...query, ['X-Amz-Signature', sigV4Signature(canonical.text, dateTime, scope, credentials)]]
}

/**
 * Returns the canonical request, whose hash is part of the string to sign, and the names of the headers in it: by default
 * those that no proxy changes.
 */
export function sigV4CanonicalRequest(
  request: SigV4Request,
  payloadHash: string,
  names: readonly string[] = signedHeaderNames(request.headers),
): { text: string; signedHeaders: string } {
  const headers = lowerCaseHeaders(request.headers)
  const signedHeaders = names.join(';')
  const lines = names.map((name) => `${name}:${(headers.get(name) ?? '').replace(/ +/g, ' ')}\n`)
  const query = canonicalQuery(request.query)
  const text = [request.method, request.path, query, lines.join(''), signedHeaders, payloadHash].join('\n')
  return { text, signedHeaders }
}

/** Returns the string to sign. `scope` is `yyyymmdd/region/s3/aws4_request`, with the date of `dateTime`. */
export function sigV4StringToSign(canonicalRequest: string, dateTime: string, scope: string): string {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex')
  return [ALGORITHM, dateTime, scope, hash].join('\n')
}

/** Returns the signature in lower-case hex. `scope` is that of the string to sign. */
export function sigV4Signature(
  canonicalRequest: string,
  dateTime: string,
  scope: string,
  credentials: Pick<Credentials, 'accessKeySecret'>,
): string {
  return hmac(sigV4Key(scope, credentials), sigV4StringToSign(canonicalRequest, dateTime, scope)).toString('hex')
}

/** Returns the key that signs all strings of one scope. */
export function sigV4Key(scope: string, { accessKeySecret }: Pick<Credentials, 'accessKeySecret'>): Buffer {
  return derivedKey(`AWS4${accessKeySecret}`, scope)
}

/** Returns `yyyymmddThhmmssZ` in UTC. */
function formatDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '')
}

function scopeOf(dateTime: string, region: string): string {
  return `${dateTime.slice(0, 8)}/${region}/s3/aws4_request`
}

function signedHeaderNames(headers: Readonly<Record<string, string>>): string[] {
  return [...lowerCaseHeaders(headers).keys()].filter((name) => !UNSIGNABLE.has(name)).sort(compareBytes)
}

/** Returns the canonical query. Unlike in the signature of OSS, an empty value keeps its equals sign. */
function canonicalQuery(query: readonly QueryParameter[]): string {
  return query
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compareBytes(nameA, nameB) || compareBytes(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
