/** Signature version 4 of AWS, in the Authorization header or in the URL (S3 API reference, "Authenticating Requests"). */
import { sigV4CanonicalRequest, sigV4Signature, sigV4StringToSign, UNSIGNED_PAYLOAD } from '../../../signing/sigv4.js'
import type { Call } from '../../http/call.js'
import type { Claim } from '../claim.js'
import type { SignedRequest } from '../dialect.js'
import { checkExpiry, checkSkew, denied, failed } from './claim-checks.js'

export const SIGV4 = 'AWS4-HMAC-SHA256'
const MAX_EXPIRES_SECONDS = 604_800

/** A claim, and what the signatures of chunks are chained to. */
export interface SigV4Claim extends Claim {
  /** `yyyymmddThhmmssZ`. */
  readonly dateTime: string
  readonly scope: string
  /** The value of `x-amz-content-sha256`. */
  readonly payloadHash: string
}

export function isSigV4(call: Call): boolean {
  return call.header('authorization')?.startsWith(`${SIGV4} `) === true || call.hasParameter('X-Amz-Algorithm')
}

export function headerClaimV4(request: SignedRequest, authorization: string): SigV4Claim {
  const { call } = request
  const fields = authorization.slice(SIGV4.length).split(',')
  const values = new Map(fields.map((field) => splitField(field.trim())))
  const dateTime = call.header('x-amz-date') ?? ''
  const payloadHash = call.header('x-amz-content-sha256')
  if (payloadHash === undefined)
    throw failed('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
  return {
    ...claimOf(request, {
      credential: values.get('Credential') ?? '',
      dateTime,
      payloadHash,
      signedHeaders: values.get('SignedHeaders') ?? '',
      malformed: (message, details) => failed('AuthorizationHeaderMalformed', message, details),
    }),
    signature: values.get('Signature') ?? '',
    securityToken: call.header('x-amz-security-token'),
    checkTime: () => checkSkew(dateOf(dateTime), request),
  }
}

export function queryClaimV4(request: SignedRequest): SigV4Claim {
  const { call, now, authority } = request
  const dateTime = call.parameter('X-Amz-Date') ?? ''
  const expires = Number(call.parameter('X-Amz-Expires'))
  if (!Number.isInteger(expires) || expires < 1 || expires > MAX_EXPIRES_SECONDS) {
    throw wrongQuery(`X-Amz-Expires must be a number from 1 to ${MAX_EXPIRES_SECONDS}`)
  }
  return {
    ...claimOf(request, {
      credential: call.parameter('X-Amz-Credential') ?? '',
      dateTime,
      payloadHash: UNSIGNED_PAYLOAD,
      signedHeaders: call.parameter('X-Amz-SignedHeaders') ?? '',
      malformed: wrongQuery,
    }),
    signature: call.parameter('X-Amz-Signature') ?? '',
    securityToken: call.parameter('X-Amz-Security-Token'),
    checkTime: () => {
      const date = dateOf(dateTime)
      if (date.getTime() - now.getTime() > authority.maxSkewMs) throw denied('AccessDenied', 'Request is not yet valid')
      checkExpiry(new Date(date.getTime() + expires * 1000), request)
    },
  }
}

interface Parts {
  readonly credential: string
  readonly dateTime: string
  readonly payloadHash: string
  /** As sent, separated by semicolons. */
  readonly signedHeaders: string
  readonly malformed: typeof wrongQuery
}

function claimOf(
  request: SignedRequest,
  { credential, dateTime, payloadHash, signedHeaders, malformed }: Parts,
): Omit<SigV4Claim, 'signature' | 'securityToken' | 'checkTime'> {
  const { call, authority } = request
  const [terminator, service, region, day, ...id] = credential.split('/').reverse()
  if (terminator !== 'aws4_request' || id.length === 0) throw malformed('The Credential is malformed.')
  if (service !== 's3') throw malformed('The service must be s3.')
  // GetBucketLocation is accepted with this region too, because clients send it before they know the region of the bucket.
  const asksWhere = region === 'us-east-1' && call.method === 'GET' && call.hasParameter('location')
  if (region !== authority.region && !asksWhere) {
    throw malformed(`The region is wrong; expecting '${authority.region}'`, { Region: authority.region })
  }
  if (Number.isNaN(dateOf(dateTime).getTime()) || day !== dateTime.slice(0, 8)) {
    throw malformed('The date of the Credential must be that of the request.')
  }
  const scope = `${day}/${region}/${service}/${terminator}`
  const names = signedHeaders.split(';')
  checkSignedHeaders(call, names)
  const canonical = sigV4CanonicalRequest(
    {
      method: call.method,
      path: call.rawPath,
      query: call.query.filter(([name]) => name !== 'X-Amz-Signature'),
      // AWS reads the bytes of headers as Latin-1, so that a client that signs and sends UTF-8 is refused.
      headers: Object.fromEntries(names.map((name) => [name, call.latin1Header(name) ?? ''])),
    },
    payloadHash,
    // Clients choose the headers that they sign: those in Go sign Expect when they retry a request.
    names,
  ).text
  return {
    accessKeyId: id.reverse().join('/'),
    canonicalRequest: canonical,
    stringToSign: sigV4StringToSign(canonical, dateTime, scope),
    sign: (credentials) => sigV4Signature(canonical, dateTime, scope, credentials),
    dateTime,
    scope,
    payloadHash,
  }
}

/** Throws for an unsigned header of the service: a proxy could have added it. */
function checkSignedHeaders(call: Call, names: readonly string[]): void {
  const missing = Object.keys(call.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  )
  if (missing.length === 0) return
  throw denied('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: missing.join(', '),
  })
}

function dateOf(text: string): Date {
  return new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function splitField(field: string): [name: string, value: string] {
  const equals = field.indexOf('=')
  return equals < 0 ? [field, ''] : [field.slice(0, equals), field.slice(equals + 1)]
}

function wrongQuery(message: string, details: Readonly<Record<string, string>> = {}) {
  return failed('AuthorizationQueryParametersError', message, details)
}
