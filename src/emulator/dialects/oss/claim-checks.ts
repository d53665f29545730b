/** The checks of OSS in all four forms of a signature, with its messages. */
import { ServiceError, type ErrorDetails, type ErrorShape } from '../../refusal.js'
import type { SignedRequest } from '../dialect.js'

/** Checks a date in a header. */
export function checkSkew(date: Date, { now, authority }: SignedRequest): void {
  if (Math.abs(now.getTime() - date.getTime()) <= authority.maxSkewMs) return
  throw denied(SKEWED, {
    RequestTime: date.toISOString(),
    ServerTime: now.toISOString(),
    MaxAllowedSkewMilliseconds: String(authority.maxSkewMs),
  })
}

/** Checks the expiry of a URL. */
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
