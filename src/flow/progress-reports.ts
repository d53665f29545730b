import { toError } from '../shared/errors.js'

const INTERVAL_MS = 250

/** Reports about four times a second. What the caller's callback takes long over is waited for, and not called meanwhile. */
export class ProgressReports {
  readonly #timer: NodeJS.Timeout
  #reporting: Promise<void> | undefined
  #failure: Error | undefined

  /** What `report` throws goes to `onFailure`, and no other report follows. */
  constructor(report: () => void | Promise<void>, onFailure: (error: Error) => void) {
    this.#timer = setInterval(() => {
      this.#reporting ??= Promise.resolve()
        .then(report)
        .catch((error: unknown) => {
          this.#failure = toError(error)
          this.stop()
          onFailure(this.#failure)
        })
        .finally(() => {
          this.#reporting = undefined
        })
    }, INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Stops, and resolves when the report under way is over. Throws what one of them threw. */
  async finish(): Promise<void> {
    this.stop()
    await this.#reporting
    if (this.#failure !== undefined) throw this.#failure
  }
}
