/** Signature version 4, in the Authorization header or in the URL. EC codes are those of the documentation's pages. */
import { ossV4CanonicalRequest, ossV4Signature, ossV4StringToSign } from '../../../signing/oss-v4.js'
import type { Call } from '../../http/call.js'
import { signable, type Claim } from '../claim.js'
import type { SignedRequest } from '../dialect.js'
import { checkExpiry, checkSkew, denied, invalid, NO_DATE } from './claim-checks.js'

export const OSS_V4 = 'OSS4-HMAC-SHA256'
const MAX_EXPIRES_SECONDS = 604_800

export function headerClaimV4(request: SignedRequest, authorization: string): Claim {
  const { call } = request
  const fields = authorization.slice(OSS_V4.length).split(',')
  const values = new Map(fields.map((field) => splitField(field.trim())))
  const additional = values.get('AdditionalHeaders')
  if (additional === '') throw invalid('AdditionalHeaders must not be empty.', '0002-00000209')
  if (call.header('x-oss-content-sha256') !== 'UNSIGNED-PAYLOAD') {
    throw invalid('Invalid X-OSS-Content-Sha256 in header.')
  }
  const signedAt = headerDate(call)
  const credential = parseCredential(values.get('Credential') ?? '', signedAt, request, '0002-00000213')
  return {
    ...claimV4(request, credential, signedAt, additional?.split(';') ?? []),
    signature: values.get('Signature') ?? '',
    securityToken: call.header('x-oss-security-token'),
    checkTime: () => checkSkew(signedAt.date, request),
  }
}

export function queryClaimV4(request: SignedRequest): Claim {
  const { call, now, authority } = request
  if (call.parameter('x-oss-signature-version') !== OSS_V4) throw invalid('Invalid signature version in the query.')
  const signedAt = parseDateTime(call.parameter('x-oss-date'))
  const expires = Number(call.parameter('x-oss-expires'))
  if (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES_SECONDS) {
    throw invalid(`x-oss-expires must be a whole number from 1 to ${MAX_EXPIRES_SECONDS}.`, '0002-00000232')
  }
  const credential = parseCredential(call.parameter('x-oss-credential') ?? '', signedAt, request, '0002-00000224')
  const additional = call.parameter('x-oss-additional-headers')?.split(';') ?? []
  return {
    ...claimV4(request, credential, signedAt, additional),
    signature: call.parameter('x-oss-signature') ?? '',
    securityToken: call.parameter('x-oss-security-token'),
    checkTime: () => {
      if (signedAt.date.getTime() - now.getTime() > authority.maxSkewMs) throw denied(NOT_YET_VALID)
      checkExpiry(new Date(signedAt.date.getTime() + expires * 1000), request)
    },
  }
}

interface DateTime {
  /** As signed. */
  readonly text: string
  /** In the format of a scope, such as `20260101`. */
  readonly day: string
  readonly date: Date
}

interface Credential {
  readonly accessKeyId: string
  readonly scope: string
}

function claimV4(
  request: SignedRequest,
  { accessKeyId, scope }: Credential,
  { text: dateTime }: DateTime,
  additional: readonly string[],
): Pick<Claim, 'accessKeyId' | 'canonicalRequest' | 'stringToSign' | 'sign'> {
  const query = request.call.query.filter(([name]) => name !== 'x-oss-signature')
  const canonicalRequest = ossV4CanonicalRequest({ ...signable(request), query }, additional)
  return {
    accessKeyId,
    canonicalRequest,
    stringToSign: ossV4StringToSign(canonicalRequest, dateTime, scope),
    sign: (credentials) => ossV4Signature(canonicalRequest, dateTime, scope, credentials),
  }
}

/** `{accessKeyId}/{yyyymmdd}/{region}/oss/aliyun_v4_request`; an access key ID may contain slashes. */
function parseCredential(text: string, { day: signedDay }: DateTime, request: SignedRequest, ec: string): Credential {
  const [terminator, product, region, day, ...rest] = text.split('/').reverse()
  if (terminator !== 'aliyun_v4_request' || rest.length === 0 || day !== signedDay) {
    throw invalid('The Credential of the signature is invalid.', ec)
  }
  const isInRegion = region === request.authority.region
  if (!isInRegion) throw invalid('Invalid signing region in Authorization header.', '0002-00000226')
  if (product !== 'oss') throw invalid('Invalid signing product in Authorization header.', '0002-00000227')
  return { accessKeyId: rest.reverse().join('/'), scope: `${day}/${region}/${product}/${terminator}` }
}

function parseDateTime(text = ''): DateTime {
  const isoText = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')
  const date = new Date(isoText)
  if (isoText === text || Number.isNaN(date.getTime())) throw denied(NO_DATE)
  return { text, day: text.slice(0, 8), date }
}

/** The first Go SDK of OSS, and ossutil 1 with it, signs its `Date` unchanged (aliyun-oss-go-sdk, oss/auth.go). */
function headerDate(call: Call): DateTime {
  const text = call.header('date')
  if (call.header('x-oss-date') !== undefined || text === undefined) return parseDateTime(call.header('x-oss-date'))
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw denied(NO_DATE)
  return { text, day: date.toISOString().slice(0, 10).replaceAll('-', ''), date }
}

function splitField(field: string): [name: string, value: string] {
  const equals = field.indexOf('=')
  return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
}

const NOT_YET_VALID = { code: 'AccessDenied', message: 'Request is not valid yet.', ec: '0002-00000235' }
