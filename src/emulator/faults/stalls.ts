import { ClientGone } from '../http/connection.js'

/** Requests in which nothing moves. */
export class Stalls {
  readonly #releases = new Set<() => void>()

  /**
   * Holds a request until its client goes away, which cannot be seen while bytes wait unread, or it is released, or the
   * emulator closes. Rejects with `ClientGone` then, so that the connection ends.
   */
  hold(signal: AbortSignal): Promise<never> {
    return new Promise((_resolve, reject) => {
      const release = () => {
        this.#releases.delete(release)
        signal.removeEventListener('abort', release)
        reject(new ClientGone())
      }
      this.#releases.add(release)
      signal.addEventListener('abort', release)
      if (signal.aborted) release()
    })
  }

  release(): void {
    for (const release of [...this.#releases]) release()
  }
}
