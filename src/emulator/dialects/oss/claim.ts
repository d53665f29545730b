/** What a request to OSS says about who signed it, in any of the four forms, and what all forms are checked for. */
import type { Credentials } from '../../../shared/credentials.js'
import type { SignableRequest } from '../../../signing/signable-request.js'
import { ServiceError, type ErrorDetails, type ErrorShape } from '../../refusal.js'
import type { SignedRequest } from '../dialect.js'

export interface Claim {
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

/** The request as the signing functions want it. */
export function signable({ call, address }: SignedRequest): SignableRequest {
  return { method: call.method, bucket: address.bucket, key: address.key, query: call.query, headers: call.headers }
}

/** For a date in a header. */
export function checkSkew(date: Date, { now, authority }: SignedRequest): void {
  if (Math.abs(now.getTime() - date.getTime()) <= authority.maxSkewMs) return
  throw denied(SKEWED, {
    RequestTime: date.toISOString(),
    ServerTime: now.toISOString(),
    MaxAllowedSkewMilliseconds: String(authority.maxSkewMs),
  })
}

/** For a URL. */
export function checkExpiry(expiry: Date, { now }: SignedRequest): void {
  if (now.getTime() <= expiry.getTime()) return
  throw denied(EXPIRED, { ServerTime: now.toISOString(), Expires: expiry.toISOString() })
}

export function denied(shape: Omit<ErrorShape, 'status'>, details: ErrorDetails = {}): ServiceError {
  return new ServiceError({ status: 403, ...shape }, details)
}

export function invalid(message: string, ec?: string): ServiceError {
  const shape = { status: 400, code: 'InvalidArgument', message }
  return new ServiceError(ec === undefined ? shape : { ...shape, ec })
}

export const NO_DATE = { code: 'AccessDenied', message: 'OSS authentication requires a valid Date.' }

const SKEWED = {
  code: 'RequestTimeTooSkewed',
  message: 'The difference between the request time and the current time is too large.',
  ec: '0002-00000504',
}
const EXPIRED = { code: 'AccessDenied', message: 'Request has expired.', ec: '0002-00000069' }
