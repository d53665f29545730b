/** The channel `oss-upload-stream:request`: every attempt at a call of the service. */
import type { HttpAnswer } from '../../http/http-message.js'
import { traceChannel, traced } from '../../shared/diagnostics.js'
import { oneLine } from '../../shared/text/one-line.js'
import type { Provider } from '../../shared/provider.js'

/**
 * What the tracing channel `oss-upload-stream:request` tells of each attempt at a call of the service, getting
 * credentials included. One object for an attempt: what is optional is there once it is known. No secret is in it.
 */
export interface RequestTrace {
  provider: Provider
  bucket: string
  /** The service's name of the call, such as `UploadPart`. */
  operation: string
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Absent for calls on the bucket itself. */
  key?: string
  uploadId?: string
  /** 1-based. */
  partNumber?: number
  /** From 1: those above are retries. */
  attempt: number
  /** Bytes of the request's body. */
  size: number
  /** The message of `oss-upload-stream:upload` for the upload that the call belongs to: the same object. */
  upload?: object
  /** HTTP status of the response. */
  status?: number
  /** The service's id of the request. */
  requestId?: string
  /** To the end of the response; of `GetObject`, to the end of its headers. */
  elapsedMs?: number
  /** Why the attempt failed: an UploadError. Whether another follows is not said. */
  error?: unknown
}

export type OnAnswer = (answer: Pick<HttpAnswer, 'status' | 'headers'>) => void

const channel = traceChannel<RequestTrace>('request', {
  begins: (trace) => `${nameOf(trace)} of ${trace.size} bytes begins`,
  ended: (trace) => `${nameOf(trace)} ${outcomeOf(trace)}`,
})

/**
 * Makes one attempt, and tells of it where somebody listens: `describe` is called only then. `toldError` makes of a
 * failure the error that is told, free of secrets.
 */
export async function traceRequest<T>(
  describe: () => RequestTrace,
  attempt: (onAnswer: OnAnswer) => Promise<T>,
  requestIdOf: (headers: HttpAnswer['headers']) => string,
  toldError: (failure: unknown) => unknown,
): Promise<T> {
  if (!channel.hasSubscribers) return attempt(() => undefined)
  const trace = describe()
  const onAnswer: OnAnswer = ({ status, headers }) => {
    trace.status = status
    const requestId = oneLine(requestIdOf(headers), 100)
    if (requestId !== '') trace.requestId = requestId
  }
  return traced(channel, trace, () => attempt(onAnswer), toldError)
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
