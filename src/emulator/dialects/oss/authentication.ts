/**
 * Authenticates a request to OSS: signature version 4 or 1, in the Authorization header or in the URL. Computes the
 * signature of the received request with the pure functions that the client uses, and compares it.
 */
import { isSameSecret, type KnownCredentials } from '../../authority.js'
import type { Call } from '../../http/call.js'
import type { ErrorDetails } from '../../refusal.js'
import type { Claim } from '../claim.js'
import type { SignedRequest } from '../dialect.js'
import { denied, invalid } from './claim-checks.js'
import { headerClaimV1, queryClaimV1 } from './claim-v1.js'
import { headerClaimV4, OSS_V4, queryClaimV4 } from './claim-v4.js'

/** Returns whether the request has a signature of OSS, valid or not. */
export function isOssSigned(call: Call): boolean {
  return (
    /^(OSS|OSS4-HMAC-SHA256) /.test(call.header('authorization') ?? '') ||
    call.hasParameter('x-oss-signature-version') ||
    call.hasParameter('OSSAccessKeyId')
  )
}

/** Throws a `ServiceError` unless a known, unexpired key signed this request within the permitted time. */
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
  if (authorization?.startsWith(`${OSS_V4} `) === true) return headerClaimV4(request, authorization)
  if (authorization?.startsWith('OSS ') === true) return headerClaimV1(request, authorization)
  if (authorization !== undefined) throw invalid('Authorization header is invalid.', '0002-00000063')
  if (call.hasParameter('x-oss-signature')) return queryClaimV4(request)
  if (isPresigned) return queryClaimV1(request)
  throw denied(NOT_SIGNED)
}

const NOT_SIGNED = { code: 'AccessDenied', message: 'You have no right to access this object because of bucket acl.' }
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
