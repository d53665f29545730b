import type { HttpRequest } from '../../http/http-message.js'
import type { Credentials } from '../../shared/credentials.js'
import { oneLine } from '../../shared/text/one-line.js'
import { type AttemptFailure, failureOf } from './attempt-failure.js'
import { withoutSecrets } from './without-secrets.js'

/** Characters of a failure's own text in a message. */
const LONGEST_REASON = 600

/** One attempt at a call: what it was signed with, what was sent, and what of its body has left. */
export class Attempt {
  readonly #onSent: (bytes: number) => void
  #sent = 0
  #movedAt = performance.now()
  #isOver = false
  /** What it was signed with, once that is known. */
  credentials: Credentials | undefined
  /** What was sent, once it is signed. */
  request: HttpRequest | undefined

  /** `onSent` is called with the bytes that left, and with what is taken back after a failure. */
  constructor(onSent: (bytes: number) => void) {
    this.#onSent = onSent
  }

  /** Bytes of the body that left. */
  get bytesSent(): number {
    return this.#sent
  }

  /**
   * Milliseconds since something moved, or the attempt began. What is beyond all limits was not waiting: the process
   * was stopped.
   */
  get idleMs(): number {
    const { answerMs = 0, pacedMs = 0 } = this.request ?? {}
    return Math.min(performance.now() - this.#movedAt, answerMs + pacedMs)
  }

  /** The request is about to be made. */
  begin(): void {
    this.#movedAt = performance.now()
  }

  /** Counts bytes of the body that left; what leaves after the failure counts for nothing. */
  readonly sent = (bytes: number): void => {
    if (this.#isOver) return
    this.#sent += bytes
    this.#movedAt = performance.now()
    this.#onSent(bytes)
  }

  /** Takes back the bytes that were counted and returns the failure. What is no failure of an attempt is thrown. */
  failed(error: unknown): AttemptFailure {
    this.#isOver = true
    const failure = failureOf(error)
    if (this.#sent > 0) this.#onSent(-this.#sent)
    return failure
  }

  /** Returns a text from outside without the secrets of this attempt, on one line. */
  readonly clean = (text: string): string =>
    oneLine(withoutSecrets(text, this.credentials, this.request), LONGEST_REASON)
}
