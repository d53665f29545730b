/**
 * AWS Signature Version 4 for S3 and its compatibles (S3 API reference, "Authenticating Requests"). Unlike other
 * services of AWS, S3 takes the path as it is sent: encoded once, never normalised.
 */
import { createHash } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'
import { derivedKey, hmac } from './derived-key.js'
import { percentEncode } from './percent-encoding.js'
import { compareBytes, lowerCaseHeaders, type QueryParameter } from './signable-request.js'

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** In the payload's place when the body is not part of the signature. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD'

export interface SigV4Request {
  method: string
  /** As it is sent, percent-encoded. */
  path: string
  query: readonly QueryParameter[]
  /** Names in any case; `Host` must be there, with its port unless it is the scheme's own. */
  headers: Readonly<Record<string, string>>
}

export interface SigV4Context {
  region: string
  date: Date
}

/** Headers that are changed on the way, or set below this library. */
const UNSIGNABLE = new Set(['authorization', 'connection', 'expect', 'transfer-encoding', 'user-agent'])

/** The headers that authorise `request`: to be sent with it, none of its own changed. */
export function signSigV4(
  request: SigV4Request,
  credentials: Credentials,
  context: SigV4Context & {
    /** Lower-case hex of the body's SHA-256, or `UNSIGNED_PAYLOAD`. */
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

/** The query of a presigned URL: the request's own and the parameters that authorise it. */
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

/** What is hashed into the string to sign, and the names of the headers in it. */
export function sigV4CanonicalRequest(
  request: SigV4Request,
  payloadHash: string,
): { text: string; signedHeaders: string } {
  const headers = lowerCaseHeaders(request.headers)
  const names = signedHeaderNames(request.headers)
  const signedHeaders = names.join(';')
  const lines = names.map((name) => `${name}:${(headers.get(name) ?? '').replace(/ +/g, ' ')}\n`)
  const query = canonicalQuery(request.query)
  const text = [request.method, request.path, query, lines.join(''), signedHeaders, payloadHash].join('\n')
  return { text, signedHeaders }
}

/** `scope` is `yyyymmdd/region/s3/aws4_request`, the date being that of `dateTime`. */
export function sigV4StringToSign(canonicalRequest: string, dateTime: string, scope: string): string {
  const hash = createHash('sha256').update(canonicalRequest).digest('hex')
  return [ALGORITHM, dateTime, scope, hash].join('\n')
}

/** Lower-case hex; `scope` as in the string to sign. */
export function sigV4Signature(
  canonicalRequest: string,
  dateTime: string,
  scope: string,
  credentials: Pick<Credentials, 'accessKeySecret'>,
): string {
  return hmac(sigV4Key(scope, credentials), sigV4StringToSign(canonicalRequest, dateTime, scope)).toString('hex')
}

/** The key that signs all strings of one scope. */
export function sigV4Key(scope: string, { accessKeySecret }: Pick<Credentials, 'accessKeySecret'>): Buffer {
  return derivedKey(`AWS4${accessKeySecret}`, scope)
}

/** `yyyymmddThhmmssZ` in UTC. */
function formatDate(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d+/g, '')
}

function scopeOf(dateTime: string, region: string): string {
  return `${dateTime.slice(0, 8)}/${region}/s3/aws4_request`
}

function signedHeaderNames(headers: Readonly<Record<string, string>>): string[] {
  return [...lowerCaseHeaders(headers).keys()].filter((name) => !UNSIGNABLE.has(name)).sort(compareBytes)
}

/** Unlike in the signature of OSS, an empty value keeps its equals sign. */
function canonicalQuery(query: readonly QueryParameter[]): string {
  return query
    .map(([name, value]) => [percentEncode(name), percentEncode(value)] as const)
    .sort(([nameA, valueA], [nameB, valueB]) => compareBytes(nameA, nameB) || compareBytes(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
