import { UploadError } from '../shared/errors.js'

/**
 * Detects that a sequence of any length repeats, with one stored value (Brent's algorithm): the value is replaced after
 * 1, 2, 4, 8, … steps, so a cycle is detected within three times its length after its start.
 */
export class CycleGuard {
  #kept: string | undefined
  #steps = 0
  #limit = 1

  /** @throws {UploadError} `BAD_ANSWER` if a listing returns the same value again. */
  check(value: string): void {
    if (value === this.#kept) {
      throw new UploadError('BAD_ANSWER', `the listing does not end: it returns to ${JSON.stringify(value)}`)
    }
    this.#steps += 1
    if (this.#steps < this.#limit) return
    this.#kept = value
    this.#steps = 0
    this.#limit *= 2
  }
}
