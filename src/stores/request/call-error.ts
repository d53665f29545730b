import { UploadError, type UploadErrorDetails } from '../../shared/errors.js'
import type { AttemptFailure } from './attempt-failure.js'
import { type Call, describeCall, factsOfCall } from './call.js'
import type { Dialect } from '../dialect.js'

/** What was done for a call until it failed. */
export interface Effort {
  attempts: number
  elapsedMs: number
  outcomeUnknown: boolean
}

export function effortDetails({ outcomeUnknown, ...effort }: Effort): UploadErrorDetails {
  return outcomeUnknown ? { ...effort, outcomeUnknown } : effort
}

/** What the caller is told when a call has failed for good; `reason` is free of secrets. */
export function failedCall(
  call: Call,
  dialect: Dialect,
  failure: AttemptFailure,
  reason: string,
  effort: Effort,
): UploadError {
  const { remedy, status, serviceCode, requestId, ec } = failure.facts
  const tried =
    effort.attempts === 1 ? '' : ` after ${effort.attempts} attempts in ${(effort.elapsedMs / 1000).toFixed(1)} s`
  const ids = [requestId && `request id ${requestId}`, ec && `EC ${ec}`].filter(Boolean).join(', ')
  const message = `${describeCall(call)} failed${tried}: ${reason}${ids === '' ? '' : ` (${ids})`}`
  // Where an upload is named it is what was not found, though some services call it a key. Nobody else's 404 says so:
  // an upload would pass for aborted because a proxy does not know the way.
  const isUpload = call.uploadId !== undefined && serviceCode === 'NoSuchKey'
  return new UploadError(isUpload ? 'NO_SUCH_UPLOAD' : failure.code, message, {
    ...factsOfCall(call, dialect),
    retryable: remedy === 'again',
    status,
    serviceCode,
    requestId,
    ec,
    ...effortDetails(effort),
    cause: failure.cause,
  })
}
