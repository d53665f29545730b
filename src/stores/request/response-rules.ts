/**
 * What a service promises with an error response, as far as it depends on the call. Sources and dates are in
 * `docs/wire-facts.md`.
 */
import type { Dialect } from '../dialect.js'
import { hasCallback } from '../object/callback.js'
import type { Call } from './call.js'

/** Error codes by which services ask for fewer requests. */
export const THROTTLING: ReadonlySet<string> = new Set([
  'ActiveRequestLimitExceeded',
  'CpuLimitExceeded',
  'DownloadTrafficRateLimitExceeded',
  'MetaOperationQpsLimitExceeded',
  'QpsLimitExceeded',
  // MinIO has the next three: it waits for a free slot, and refuses when none comes.
  'ServerBusy',
  'SlowDownRead',
  'SlowDownWrite',
  'ServiceUnavailable',
  'SlowDown',
  'TotalQpsLimitExceeded',
  'UploadTrafficRateLimitExceeded',
])

/** What the failure of a call depends on, beside its response. */
export type FailedCall = Pick<Call, 'operation' | 'headers'>

/**
 * Whether a throttling response promises that nothing was done. A response to the request that publishes an object is
 * believed only if its code is a limit on requests: `ServiceUnavailable` may come from a machine in front of the service,
 * and OBS reports by any 503 that parts may have been merged.
 */
export function isNothingDone(serviceCode: string, { operation }: FailedCall, dialect: Dialect): boolean {
  if (dialect.mergesDespite503 && operation === 'CompleteMultipartUpload') return false
  return serviceCode !== 'ServiceUnavailable' || !PUBLISHING.has(operation)
}

const PUBLISHING: ReadonlySet<string> = new Set(['PutObject', 'CompleteMultipartUpload'])

/** Whether another request wrote or deleted the object meanwhile, so that this upload can never be completed. */
export function isLostRace(serviceCode: string, { operation }: FailedCall): boolean {
  return serviceCode === 'ConditionalRequestConflict' && operation === 'CompleteMultipartUpload'
}

/** Whether a refusal says that the object is not the one that `ifMatch` names, or that there is none. */
export function isFailedMatch(status: number, serviceCode: string, { operation, headers = {} }: FailedCall): boolean {
  if (!PUBLISHING.has(operation) || !('if-match' in headers)) return false
  return status === 412 || serviceCode === 'NoSuchKey' || isLostRace(serviceCode, { operation, headers })
}

/** Returns whether a status means that the object is stored, but the requested callback failed. */
export function isFailedCallback(status: number, { headers = {} }: FailedCall, dialect: Dialect): boolean {
  return status === 203 && hasCallback(headers, dialect)
}

/** Advice for a refusal whose own words do not help; starts with a semicolon. */
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
    return '; AWS blocks keys of the caller (SSE-C) on new buckets: allow them in the default encryption of the bucket'
  }
  return ''
}
