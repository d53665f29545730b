import type { Readable } from 'node:stream'

/** One or more views of the bytes to send, in order. They must stay as they are until the request has settled. */
export interface RequestBody {
  readonly segments: readonly Uint8Array[]
  /** Bytes of all segments. */
  readonly size: number
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Scheme, host and port. */
  origin: string
  /** Sent as it is, never normalised: a key may hold `..`. */
  path: string
  headers: Record<string, string>
  body?: RequestBody | undefined
  signal?: AbortSignal | undefined
  /** Instead of the transport's own. */
  answerMs?: number | undefined
  /** How long no byte of the answer may move once it has begun. Default: `stallMs`, which it is never below. */
  gapMs?: number | undefined
  /** The time that the server was asked to take for the body: added to the limits on moving it and on the answer. */
  pacedMs?: number | undefined
  /** Called with each number of bytes of the body that left. */
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

/** What a response says before its body comes. */
export type HttpHead = Pick<HttpAnswer, 'status' | 'headers'>

/** Takes the body of a response as it comes. */
export interface BodySink {
  /** Copies the bytes, which are the socket's. Whatever it throws ends the request. */
  take(chunk: Uint8Array): void
}

/** Chooses where the body of a response goes; undefined for one that is to become text. Whatever it throws ends the request. */
export type BeginBody = (head: HttpHead) => BodySink | undefined

/** As the HTTP client has them: names in lower case. */
export type RawHeaders = Record<string, string | string[] | undefined>

export function joinHeaders(headers: RawHeaders): Record<string, string> {
  const joined: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return joined
}
