import { toError } from '../shared/errors.js'

const INTERVAL_MS = 250

/**
 * Calls `emit` about four times a second, and `report` as often, but never again before the last call has settled. What
 * either throws ends the reports.
 */
export class ProgressReports {
  readonly #timer: NodeJS.Timeout
  readonly #emit: () => void
  readonly #report: () => void | Promise<void>
  readonly #onFailure: (error: Error) => void
  #reporting: Promise<void> | undefined
  #failure: Error | undefined

  constructor(
    { emit = () => undefined, report }: { emit?: () => void; report: () => void | Promise<void> },
    onFailure: (error: Error) => void,
  ) {
    this.#emit = emit
    this.#report = report
    this.#onFailure = onFailure
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Resolves when a report in progress has settled and the last one was made. Rejects with the error of one that failed. */
  async finish(): Promise<void> {
    this.stop()
    await this.#reporting
    if (this.#failure !== undefined) throw this.#failure
    this.#emit()
    await this.#report()
  }

  #tick(): void {
    try {
      this.#emit()
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#reporting ??= Promise.resolve()
      .then(this.#report)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#reporting = undefined
      })
  }

  #fail(error: unknown): void {
    this.#failure = toError(error)
    this.stop()
    this.#onFailure(this.#failure)
  }
}
