import type { Readable } from 'node:stream'

/** One or more views of the bytes to send, in order. The bytes must not change until the request has settled. */
export interface RequestBody {
  readonly segments: readonly Uint8Array[]
  /** Total size of all segments in bytes. */
  readonly size: number
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Scheme, host and port. */
  origin: string
  /** Sent unchanged, never normalized: a key may contain `..`. */
  path: string
  headers: Record<string, string>
  body?: RequestBody | undefined
  signal?: AbortSignal | undefined
  /** Replaces the limit of the transport. */
  answerMs?: number | undefined
  /** How long the response may pause once it has started. At least `stallMs`, which is the default. */
  gapMs?: number | undefined
  /**
   * Milliseconds that the body takes with the traffic limit of the service: added to the limits on movement and
   * response.
   */
  pacedMs?: number | undefined
  /** Called with the number of body bytes sent since the last call. */
  onSent?: ((bytes: number) => void) | undefined
}

export interface HttpAnswer {
  status: number
  /** Names in lower case; repeated ones joined with a comma. */
  headers: Record<string, string>
  text: string
}

export interface HttpStreamAnswer {
  status: number
  headers: Record<string, string>
  body: Readable
}

/** Status code and headers of a response. */
export type HttpHead = Pick<HttpAnswer, 'status' | 'headers'>

/** Takes the body of a response as it arrives. */
export interface BodySink {
  /** Copies the bytes, which belong to the socket. If it throws, the request fails with that error. */
  take(chunk: Uint8Array): void
}

/**
 * Returns the sink for the body of a response, or undefined to read it as text. If it throws, the request fails with
 * that error.
 */
export type BeginBody = (head: HttpHead) => BodySink | undefined

/** Headers as the HTTP client has them: names in lower case. */
export type RawHeaders = Record<string, string | string[] | undefined>

export function joinHeaders(headers: RawHeaders): Record<string, string> {
  const joined: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return joined
}
