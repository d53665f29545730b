import { toError } from '../shared/errors.js'

const INTERVAL_MS = 250

/** Calls `report` about four times a second, never again before the last call has settled. */
export class ProgressReports {
  readonly #timer: NodeJS.Timeout
  #reporting: Promise<void> | undefined
  #failure: Error | undefined

  /** If `report` throws, `onFailure` gets the error and `report` is not called again. */
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

  /** Stops, and resolves when a report in progress has settled. Rejects with the error of a report that failed. */
  async finish(): Promise<void> {
    this.stop()
    await this.#reporting
    if (this.#failure !== undefined) throw this.#failure
  }
}
