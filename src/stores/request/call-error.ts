import { HttpFailure } from '../../http/http-failure.js'
import { copyError } from '../../shared/copied-error.js'
import { UploadError, type UploadErrorDetails } from '../../shared/errors.js'
import type { AttemptFailure } from './attempt-failure.js'
import { type Call, describeCall, factsOfCall } from './call.js'
import type { Dialect } from '../dialect.js'

/** The facts of a failed call. */
export interface Effort {
  attempts: number
  elapsedMs: number
  outcomeUnknown: boolean
}

export function effortDetails({ outcomeUnknown, ...effort }: Effort): UploadErrorDetails {
  return outcomeUnknown ? { ...effort, outcomeUnknown } : effort
}

/** Returns the error of a call that failed for good. `clean` removes secrets from a text of the service. */
export function failedCall(
  call: Call,
  dialect: Dialect,
  failure: AttemptFailure,
  clean: (text: string) => string,
  effort: Effort,
): UploadError {
  const { remedy, status } = failure.facts
  const [serviceCode, requestId, ec] = [failure.facts.serviceCode, failure.facts.requestId, failure.facts.ec].map(
    (text) => (text === undefined ? undefined : clean(text)),
  )
  const reason = clean(failure.message)
  const tried =
    effort.attempts === 1 ? '' : ` after ${effort.attempts} attempts in ${(effort.elapsedMs / 1000).toFixed(1)} s`
  const ids = [requestId && `request ID ${requestId}`, ec && `EC ${ec}`].filter(Boolean).join(', ')
  const message = `${describeCall(call)} failed${tried}: ${reason}${ids === '' ? '' : ` (${ids})`}`
  // For a call of an upload, NoSuchKey means that the upload does not exist. A 404 without that code may come from a proxy,
  // and must not make the upload seem aborted.
  const isKey = failure.code === 'PRECONDITION_FAILED'
  const isUpload = call.uploadId !== undefined && serviceCode === 'NoSuchKey' && !isKey
  return new UploadError(isUpload ? 'NO_SUCH_UPLOAD' : failure.code, message, {
    ...factsOfCall(call, dialect),
    retryable: remedy === 'again' || failure.facts.isRetryable === true,
    status,
    serviceCode,
    requestId,
    ec,
    ...effortDetails(effort),
    cause: causeOf(failure.cause, clean),
  })
}

/** The reason of a cancelled request belongs to the caller, and is unchanged. */
function causeOf(cause: unknown, clean: (text: string) => string): unknown {
  if (cause === undefined) return undefined
  if (!(cause instanceof HttpFailure)) return copyError(cause, clean)
  return cause.kind === 'cancelled' ? cause : cause.cleaned(clean)
}
