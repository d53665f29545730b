import type { HttpRequest } from '../../http/http-message.js'
import type { Credentials } from '../../shared/credentials.js'
import { oneLine } from '../../shared/text/one-line.js'
import { type AttemptFailure, failureOf } from './attempt-failure.js'
import { withoutSecrets } from './without-secrets.js'

/** Longest text of a failure in a message, in characters. */
const LONGEST_REASON = 600

/** One attempt at a request: its credentials, its signed request, and the bytes of the body that were sent. */
export class Attempt {
  readonly #onSent: (bytes: number) => void
  #sent = 0
  #movedAt = performance.now()
  #isOver = false
  /** The credentials of the signature, once known. */
  credentials: Credentials | undefined
  /** The request, once signed. */
  request: HttpRequest | undefined

  /** `onSent` is called with the number of bytes sent, and after a failure with the negative sum. */
  constructor(onSent: (bytes: number) => void) {
    this.#onSent = onSent
  }

  /** Bytes of the body that were sent. */
  get bytesSent(): number {
    return this.#sent
  }

  /**
   * Milliseconds since the last byte moved, or the attempt started. Time beyond all limits is not counted: the process was
   * suspended.
   */
  get idleMs(): number {
    const { answerMs = 0, pacedMs = 0 } = this.request ?? {}
    return Math.min(performance.now() - this.#movedAt, answerMs + pacedMs)
  }

  /** Marks the start of the request. */
  begin(): void {
    this.#movedAt = performance.now()
  }

  /** Counts bytes of the body that were sent. Ignores bytes that are sent after the failure. */
  readonly sent = (bytes: number): void => {
    if (this.#isOver) return
    this.#sent += bytes
    this.#movedAt = performance.now()
    this.#onSent(bytes)
  }

  /** Subtracts the counted bytes and returns the failure. Rethrows an error that is not a failure of an attempt. */
  failed(error: unknown): AttemptFailure {
    this.#isOver = true
    const failure = failureOf(error)
    if (this.#sent > 0) this.#onSent(-this.#sent)
    return failure
  }

  /** Returns a text of the service on one line, without the secrets of this attempt. */
  readonly clean = (text: string): string =>
    oneLine(withoutSecrets(text, this.credentials, this.request), LONGEST_REASON)
}
