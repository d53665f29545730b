/** The channel `oss-upload-stream:request`: every attempt at a call of the service. */
import type { HttpAnswer } from '../../http/http-message.js'
import { traceChannel, traced } from '../../shared/diagnostics.js'
import { oneLine } from '../../shared/text/one-line.js'
import type { Provider } from '../../shared/provider.js'

/**
 * The message of the tracing channel `oss-upload-stream:request` for an attempt at a call of the service, which includes
 * getting the credentials. One object per attempt; optional fields are set once known. It contains no secrets.
 */
export interface RequestTrace {
  provider: Provider
  bucket: string
  /** The service's name for the call, such as `UploadPart`. */
  operation: string
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Absent for operations on the bucket. */
  key?: string
  uploadId?: string
  /** 1-based. */
  partNumber?: number
  /** From 1; higher numbers are retries. */
  attempt: number
  /** Bytes of the request's body. */
  size: number
  /** The message of `oss-upload-stream:upload` for the upload that the call belongs to: the same object. */
  upload?: object
  /** HTTP status of the response. */
  status?: number
  /** The request ID of the service. */
  requestId?: string
  /** Milliseconds until the end of the response; for `GetObject`, until the end of its headers. */
  elapsedMs?: number
  /** Why the attempt failed: an UploadError. It may be retried. */
  error?: unknown
}

export type OnAnswer = (answer: Pick<HttpAnswer, 'status' | 'headers'>) => void

const channel = traceChannel<RequestTrace>('request', {
  begins: (trace) => `${nameOf(trace)} of ${trace.size} bytes begins`,
  ended: (trace) => `${nameOf(trace)} ${outcomeOf(trace)}`,
})

/**
 * Makes one attempt, and publishes its trace if the channel has subscribers; `describe` is only called then. `publicError`
 * converts a failure to an error without secrets.
 */
export async function traceRequest<T>(
  describe: () => RequestTrace,
  attempt: (onAnswer: OnAnswer) => Promise<T>,
  requestIdOf: (headers: HttpAnswer['headers']) => string,
  publicError: (failure: unknown) => unknown,
): Promise<T> {
  if (!channel.hasSubscribers) return attempt(() => undefined)
  const trace = describe()
  const onAnswer: OnAnswer = ({ status, headers }) => {
    trace.status = status
    const requestId = oneLine(requestIdOf(headers), 100)
    if (requestId !== '') trace.requestId = requestId
  }
  return traced(channel, trace, () => attempt(onAnswer), publicError)
}

function nameOf({ provider, bucket, operation, key, partNumber, attempt }: RequestTrace): string {
  const place = JSON.stringify(`${provider}://${bucket}/${key ?? ''}`)
  const part = partNumber === undefined ? '' : ` part ${partNumber}`
  return `${operation} ${place}${part} attempt ${attempt}`
}

function outcomeOf({ status, requestId, error }: RequestTrace): string {
  if (error instanceof Error) return `failed: ${error.message}`
  return `returned status ${status ?? 'unknown'}, request ID ${requestId ?? 'unknown'}`
}
