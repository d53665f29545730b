/**
 * The meaning of error responses that depends on the call. Sources and dates are in
 * `docs/wire-facts.md`.
 */
import type { Dialect } from '../dialect.js'
import { hasCallback } from '../object/callback.js'
import type { Call } from './call.js'

/** Error codes for throttling. */
export const THROTTLING: ReadonlySet<string> = new Set([
  'ActiveRequestLimitExceeded',
  'CpuLimitExceeded',
  'DownloadTrafficRateLimitExceeded',
  'MetaOperationQpsLimitExceeded',
  'QpsLimitExceeded',
  // The next three are those of MinIO, which waits for a free slot, and refuses if there is none.
  'ServerBusy',
  'SlowDownRead',
  'SlowDownWrite',
  'ServiceUnavailable',
  'SlowDown',
  'TotalQpsLimitExceeded',
  'UploadTrafficRateLimitExceeded',
])

/** What the meaning of a failure depends on, besides the response. */
export type FailedCall = Pick<Call, 'operation' | 'headers'>

/**
 * Returns whether a throttling response guarantees that the request had no effect. For a request that publishes an
 * object, that is only true for codes of a request limit: `ServiceUnavailable` may come from a load balancer, and on
 * OBS parts may have been merged after any 503.
 */
export function isNothingDone(serviceCode: string, { operation }: FailedCall, dialect: Dialect): boolean {
  if (dialect.mergesDespite503 && operation === 'CompleteMultipartUpload') return false
  return serviceCode !== 'ServiceUnavailable' || !PUBLISHING.has(operation)
}

const PUBLISHING: ReadonlySet<string> = new Set(['PutObject', 'CompleteMultipartUpload'])

/** Returns whether another request wrote or deleted the object meanwhile, so that this upload cannot be completed. */
export function isLostRace(serviceCode: string, { operation }: FailedCall): boolean {
  return serviceCode === 'ConditionalRequestConflict' && operation === 'CompleteMultipartUpload'
}

/** Returns whether a refusal means that the object has another ETag than `ifMatch`, or does not exist. */
export function isFailedMatch(status: number, serviceCode: string, { operation, headers = {} }: FailedCall): boolean {
  if (!PUBLISHING.has(operation) || !('if-match' in headers)) return false
  return status === 412 || serviceCode === 'NoSuchKey' || isLostRace(serviceCode, { operation, headers })
}

/** Returns whether a status means that the object is stored, but the requested callback failed. */
export function isFailedCallback(status: number, { headers = {} }: FailedCall, dialect: Dialect): boolean {
  return status === 203 && hasCallback(headers, dialect)
}

/** Returns advice for a refusal whose message does not help; it starts with a semicolon. */
export function adviceOn(
  { status, serviceCode, ec }: { status: number; serviceCode: string; ec: string | undefined },
  { headers = {} }: FailedCall,
  { bucket }: Dialect,
): string {
  if (serviceCode === 'NoSuchBucket') {
    return `; the bucket ${JSON.stringify(bucket)} is not at this endpoint: check its name, the region and the endpoint`
  }
  if (ec === '0002-00000080') {
    return '; OSS is switching version 1 of its signature off: leave signatureVersion out, or set it to 4'
  }
  if (status === 403 && 'x-amz-server-side-encryption-customer-algorithm' in headers) {
    return '; AWS blocks customer keys (SSE-C) on new buckets: allow them in the default encryption of the bucket'
  }
  return ''
}
