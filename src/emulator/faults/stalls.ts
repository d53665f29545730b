import { ClientGone } from '../http/connection.js'

/** Holds stalled requests. */
export class Stalls {
  readonly #releases = new Set<() => void>()

  /**
   * Holds a request until it is released, the emulator closes or the client disconnects, which is not noticed while
   * received bytes are unread. Then rejects with `ClientGone`, so that the connection ends.
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
