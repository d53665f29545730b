/** A response before it is on the wire. */
import type { Buffer } from 'node:buffer'
import { mergeHeaders, type Headers } from './headers.js'

export interface Answer {
  readonly status: number
  /** Names in the service's spelling; values may hold any Unicode text. */
  readonly headers: Headers
  readonly body?: string | Buffer | StreamedBody
}

export interface StreamedBody {
  /** Bytes; undefined for a body in chunks. */
  readonly size: number | undefined
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** The same answer with further headers, or others in their place. */
export function withHeaders(answer: Answer, headers: Headers): Answer {
  return { ...answer, headers: mergeHeaders(answer.headers, headers) }
}
