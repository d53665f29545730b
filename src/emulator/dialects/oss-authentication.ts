/**
 * Who signed a request to OSS: version 4 or 1, in the Authorization header or in the URL. The signature is computed
 * from what arrived, by the same pure functions that the client side signs with, and compared.
 */
import type { Credentials } from '../../shared/credentials.js'
import { ossV1Signature, ossV1StringToSign } from '../../signing/oss-v1.js'
import { ossV4CanonicalRequest, ossV4Signature, ossV4StringToSign } from '../../signing/oss-v4.js'
import type { SignableRequest } from '../../signing/signable-request.js'
import { isSameSecret, type KnownCredentials } from '../authority.js'
import { ServiceError, type ErrorDetails, type ErrorShape } from '../refusal.js'
import type { SignedRequest } from './dialect.js'

const ALGORITHM = 'OSS4-HMAC-SHA256'
const MAX_EXPIRES_SECONDS = 604_800

/** What a request says about who signed it, in any of the four forms. */
interface Claim {
  readonly accessKeyId: string
  readonly securityToken: string | undefined
  readonly signature: string
  readonly stringToSign: string
  /** Told to the client when the signature is wrong, so that it can find the difference. */
  readonly canonicalRequest?: string
  sign(credentials: Pick<Credentials, 'accessKeySecret'>): string
  /** Throws when the request is too old or from the future. */
  checkTime(): void
}

/** Whether the request is signed the way OSS wants it, well or badly. */
export function isOssSigned({ call }: Pick<SignedRequest, 'call'>): boolean {
  return (
    /^(OSS|OSS4-HMAC-SHA256) /.test(call.header('authorization') ?? '') ||
    call.hasParameter('x-oss-signature-version') ||
    call.hasParameter('OSSAccessKeyId')
  )
}

/** Throws a `ServiceError` unless a known, unexpired key signed exactly this request, at about this time. */
export function authenticateOss(request: SignedRequest): void {
  const claim = readClaim(request)
  const known = request.authority.find(claim.accessKeyId)
  const details = { OSSAccessKeyId: claim.accessKeyId }
  if (known === undefined) throw denied(UNKNOWN_KEY, details)
  claim.checkTime()
  checkToken(claim, known, details)
  if (isSameSecret(claim.sign(known), claim.signature)) return
  throw denied(WRONG_SIGNATURE, {
    ...details,
    SignatureProvided: claim.signature,
    StringToSign: claim.stringToSign,
    ...(claim.canonicalRequest === undefined ? {} : { CanonicalRequest: claim.canonicalRequest }),
  })
}

function checkToken({ securityToken }: Claim, known: KnownCredentials, details: ErrorDetails): void {
  if (known.expired === true) throw denied(TOKEN_EXPIRED, details)
  if (!isSameSecret(securityToken, known.securityToken)) throw denied(INVALID_TOKEN, details)
}

function readClaim(request: SignedRequest): Claim {
  const { call } = request
  const authorization = call.header('authorization')
  const isPresigned = call.hasParameter('x-oss-signature') || call.hasParameter('Signature')
  if (authorization !== undefined && isPresigned) throw invalid('A request must be signed in one place only.')
  if (authorization?.startsWith(`${ALGORITHM} `) === true) return headerClaimV4(request, authorization)
  if (authorization?.startsWith('OSS ') === true) return headerClaimV1(request, authorization)
  if (authorization !== undefined) throw invalid('Authorization header is invalid.', '0002-00000063')
  if (call.hasParameter('x-oss-signature')) return queryClaimV4(request)
  if (isPresigned) return queryClaimV1(request)
  throw denied(NOT_SIGNED)
}

function headerClaimV4(request: SignedRequest, authorization: string): Claim {
  const { call } = request
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(',')
      .map((field) => splitField(field.trim())),
  )
  const additional = fields.get('AdditionalHeaders')
  if (additional === '') throw invalid('AdditionalHeaders must not be empty.', '0002-00000209')
  if (call.header('x-oss-content-sha256') !== 'UNSIGNED-PAYLOAD') {
    throw invalid('Invalid X-OSS-Content-Sha256 in header.')
  }
  const dateTime = call.header('x-oss-date')
  const date = parseBasicDate(dateTime)
  if (dateTime === undefined || date === undefined) throw denied(NO_DATE)
  const credential = parseCredential(fields.get('Credential') ?? '', dateTime, request, '0002-00000213')
  return {
    ...claimV4(request, credential, dateTime, additional?.split(';') ?? []),
    signature: fields.get('Signature') ?? '',
    securityToken: call.header('x-oss-security-token'),
    checkTime: () => checkSkew(date, request),
  }
}

function queryClaimV4(request: SignedRequest): Claim {
  const { call, now, authority } = request
  const version = call.parameter('x-oss-signature-version')
  if (version !== ALGORITHM) throw invalid('Invalid signature version in the query.')
  const dateTime = call.parameter('x-oss-date')
  const date = parseBasicDate(dateTime)
  if (dateTime === undefined || date === undefined) throw denied(NO_DATE)
  const expires = Number(call.parameter('x-oss-expires'))
  if (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES_SECONDS) {
    throw invalid(`x-oss-expires must be a whole number from 1 to ${MAX_EXPIRES_SECONDS}.`, '0002-00000232')
  }
  const credential = parseCredential(call.parameter('x-oss-credential') ?? '', dateTime, request, '0002-00000224')
  const additional = call.parameter('x-oss-additional-headers')?.split(';') ?? []
  return {
    ...claimV4(request, credential, dateTime, additional),
    signature: call.parameter('x-oss-signature') ?? '',
    securityToken: call.parameter('x-oss-security-token'),
    checkTime: () => {
      if (date.getTime() - now.getTime() > authority.maxSkewMs) throw denied(NOT_YET_VALID)
      checkExpiry(new Date(date.getTime() + expires * 1000), now)
    },
  }
}

interface Credential {
  readonly accessKeyId: string
  readonly scope: string
}

function claimV4(
  request: SignedRequest,
  { accessKeyId, scope }: Credential,
  dateTime: string,
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

/** `{accessKeyId}/{yyyymmdd}/{region}/oss/aliyun_v4_request`; an access key id may hold slashes. */
function parseCredential(text: string, dateTime: string, { authority }: SignedRequest, ec: string): Credential {
  const [terminator, product, region, day, ...rest] = text.split('/').reverse()
  if (terminator !== 'aliyun_v4_request' || rest.length === 0 || day !== dateTime.slice(0, 8)) {
    throw invalid('The Credential of the signature is invalid.', ec)
  }
  if (region !== authority.region) throw invalid('Invalid signing region in Authorization header.', '0002-00000226')
  if (product !== 'oss') throw invalid('Invalid signing product in Authorization header.', '0002-00000227')
  return { accessKeyId: rest.reverse().join('/'), scope: `${day}/${region}/${product}/${terminator}` }
}

function headerClaimV1(request: SignedRequest, authorization: string): Claim {
  const { call } = request
  const colon = authorization.lastIndexOf(':')
  const text = call.header('x-oss-date') ?? call.header('date')
  const date = new Date(text ?? Number.NaN)
  if (Number.isNaN(date.getTime())) throw denied(NO_DATE)
  return {
    ...claimV1(signable(request)),
    accessKeyId: authorization.slice('OSS '.length, colon).trim(),
    signature: authorization.slice(colon + 1).trim(),
    securityToken: call.header('x-oss-security-token'),
    checkTime: () => checkSkew(date, request),
  }
}

function queryClaimV1(request: SignedRequest): Claim {
  const { call, now } = request
  const expires = call.parameter('Expires') ?? ''
  if (!/^\d+$/.test(expires)) throw invalid('Expires must be a Unix time in seconds.', '0002-00000070')
  const own = new Set(['OSSAccessKeyId', 'Expires', 'Signature'])
  const query = call.query.filter(([name]) => !own.has(name))
  return {
    ...claimV1({ ...signable(request), query }, expires),
    accessKeyId: call.parameter('OSSAccessKeyId') ?? '',
    signature: call.parameter('Signature') ?? '',
    securityToken: call.parameter('security-token') ?? call.header('x-oss-security-token'),
    checkTime: () => checkExpiry(new Date(Number(expires) * 1000), now),
  }
}

function claimV1(request: SignableRequest, expires?: string): Pick<Claim, 'stringToSign' | 'sign'> {
  const stringToSign = ossV1StringToSign(request, expires)
  return { stringToSign, sign: (credentials) => ossV1Signature(stringToSign, credentials) }
}

function signable({ call, address }: SignedRequest): SignableRequest {
  return { method: call.method, bucket: address.bucket, key: address.key, query: call.query, headers: call.headers }
}

function checkSkew(date: Date, { now, authority }: SignedRequest): void {
  if (Math.abs(now.getTime() - date.getTime()) <= authority.maxSkewMs) return
  throw denied(SKEWED, {
    RequestTime: date.toISOString(),
    ServerTime: now.toISOString(),
    MaxAllowedSkewMilliseconds: String(authority.maxSkewMs),
  })
}

function checkExpiry(expiry: Date, now: Date): void {
  if (now.getTime() <= expiry.getTime()) return
  throw denied(EXPIRED, { ServerTime: now.toISOString(), Expires: expiry.toISOString() })
}

function parseBasicDate(text: string | undefined): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text ?? '')
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function splitField(field: string): [name: string, value: string] {
  const equals = field.indexOf('=')
  return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
}

function denied(shape: Omit<ErrorShape, 'status'>, details: ErrorDetails = {}): ServiceError {
  return new ServiceError({ status: 403, ...shape }, details)
}

function invalid(message: string, ec?: string): ServiceError {
  const shape = { status: 400, code: 'InvalidArgument', message }
  return new ServiceError(ec === undefined ? shape : { ...shape, ec })
}

const NOT_SIGNED = { code: 'AccessDenied', message: 'You have no right to access this object because of bucket acl.' }
const NO_DATE = { code: 'AccessDenied', message: 'OSS authentication requires a valid Date.' }
const EXPIRED = { code: 'AccessDenied', message: 'Request has expired.', ec: '0002-00000069' }
const NOT_YET_VALID = { code: 'AccessDenied', message: 'Request is not valid yet.', ec: '0002-00000235' }
const UNKNOWN_KEY = {
  code: 'InvalidAccessKeyId',
  message: 'The OSS Access Key Id you provided does not exist in our records.',
}
const TOKEN_EXPIRED = { code: 'SecurityTokenExpired', message: 'The security token you provided has expired.' }
const INVALID_TOKEN = { code: 'InvalidSecurityToken', message: 'The security token you provided is invalid.' }
const WRONG_SIGNATURE = {
  code: 'SignatureDoesNotMatch',
  message:
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
}
const SKEWED = {
  code: 'RequestTimeTooSkewed',
  message: 'The difference between the request time and the current time is too large.',
  ec: '0002-00000504',
}
