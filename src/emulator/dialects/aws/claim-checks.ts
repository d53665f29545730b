/**
 * Checks the claim of a signed request for S3 and OBS. Codes and messages are those of S3's "Error responses", which
 * OBS shares.
 */
import { isSameSecret, type KnownCredentials } from '../../authority.js'
import { ServiceError, type ErrorDetails } from '../../refusal.js'
import type { Claim } from '../claim.js'
import type { SignedRequest } from '../dialect.js'

/** Returns the credentials of the claim; throws a `ServiceError` if the claim is invalid. */
export function verifyClaim(claim: Claim, { authority }: SignedRequest, idElement: string): KnownCredentials {
  const known = authority.find(claim.accessKeyId)
  const details = { [idElement]: claim.accessKeyId }
  if (known === undefined) throw denied('InvalidAccessKeyId', UNKNOWN_KEY, details)
  claim.checkTime()
  if (known.expired === true) throw failed('ExpiredToken', 'The provided token has expired.', details)
  if (!isSameSecret(claim.securityToken, known.securityToken)) {
    throw failed('InvalidToken', 'The provided token is malformed or otherwise not valid.', details)
  }
  if (isSameSecret(claim.sign(known), claim.signature)) return known
  throw denied('SignatureDoesNotMatch', WRONG_SIGNATURE, {
    ...details,
    StringToSign: claim.stringToSign,
    SignatureProvided: claim.signature,
    ...(claim.canonicalRequest === undefined ? {} : { CanonicalRequest: claim.canonicalRequest }),
  })
}

/** Checks a date in a header. */
export function checkSkew(date: Date, { now, authority }: SignedRequest): void {
  if (Number.isNaN(date.getTime()))
    throw denied('AccessDenied', 'AWS authentication requires a valid Date or date header')
  if (Math.abs(now.getTime() - date.getTime()) <= authority.maxSkewMs) return
  throw denied('RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.', {
    RequestTime: date.toISOString(),
    ServerTime: now.toISOString(),
    MaxAllowedSkewMilliseconds: String(authority.maxSkewMs),
  })
}

/** Checks the expiry of a URL. */
export function checkExpiry(expiry: Date, { now }: SignedRequest): void {
  if (now.getTime() <= expiry.getTime()) return
  throw denied('AccessDenied', 'Request has expired', { Expires: expiry.toISOString(), ServerTime: now.toISOString() })
}

/** 403. */
export function denied(code: string, message: string, details: ErrorDetails = {}): ServiceError {
  return new ServiceError({ status: 403, code, message }, details)
}

/** 400. */
export function failed(code: string, message: string, details: ErrorDetails = {}): ServiceError {
  return new ServiceError({ status: 400, code, message }, details)
}

const UNKNOWN_KEY = 'The access key Id you provided does not exist in our records.'
const WRONG_SIGNATURE =
  'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
