import type { HttpRequest, RequestBody } from '../../http/http-message.js'
import type { QueryParameter } from '../../signing/signable-request.js'
import type { Dialect } from '../dialect.js'

/** One call of the service, retried until it is settled. */
export interface Call {
  /** The service's name for it, such as `UploadPart`. */
  operation: string
  method: HttpRequest['method']
  key?: string
  query?: readonly QueryParameter[]
  headers?: Readonly<Record<string, string>>
  /** Returns additional headers. Called for each attempt. */
  headersOfAttempt?: () => Readonly<Record<string, string>>
  body?: RequestBody
  partNumber?: number
  uploadId?: string
  /** Factor for the time limit of the response. Default 1. */
  patience?: number
  /** Milliseconds that the body takes with the traffic limit of the service. Default 0. */
  pacedMs?: number
}

/**
 * Returns the milliseconds that a body takes with the traffic limit in its headers. The service then reads so slowly
 * that the body seems stalled.
 */
export function pacedMsOf(
  headers: Readonly<Record<string, string>>,
  { size }: Pick<RequestBody, 'size'>,
  { headerPrefix }: Pick<Dialect, 'headerPrefix'>,
): number {
  const bitsPerSecond = Number(headers[`${headerPrefix}traffic-limit`])
  return bitsPerSecond > 0 ? Math.ceil((size * 8 * 1000) / bitsPerSecond) : 0
}

/** Describes the call, for messages. */
export function describeCall(call: Call): string {
  const part = call.partNumber === undefined ? '' : ` of part ${call.partNumber}`
  return call.key === undefined ? call.operation : `${call.operation}${part} for ${JSON.stringify(call.key)}`
}

/** Returns the facts of the call, for errors and traces. */
export function factsOfCall(
  call: Call,
  dialect: Dialect,
): { bucket: string; key?: string; uploadId?: string; partNumber?: number } {
  const { key, uploadId, partNumber } = call
  return {
    bucket: dialect.bucket,
    ...(key === undefined ? {} : { key }),
    ...(uploadId === undefined ? {} : { uploadId }),
    ...(partNumber === undefined ? {} : { partNumber }),
  }
}
