/** A response before it is sent. */
import type { Buffer } from 'node:buffer'
import { mergeHeaders, type Headers } from './headers.js'

export interface Answer {
  readonly status: number
  /** Names in the service's spelling; values may contain any Unicode text. */
  readonly headers: Headers
  readonly body?: string | Buffer | StreamedBody
}

export interface StreamedBody {
  /** Length in bytes; undefined for a chunked body. */
  readonly size: number | undefined
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** Returns the response with headers added or replaced. */
export function withHeaders(answer: Answer, headers: Headers): Answer {
  return { ...answer, headers: mergeHeaders(answer.headers, headers) }
}
