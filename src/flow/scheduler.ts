import type { Concurrency } from './concurrency.js'

/** Runs at most `concurrency.limit` tasks at a time. Callers wait for `room()` before each `run()`. */
export class Scheduler {
  readonly #concurrency: Pick<Concurrency, 'limit'>
  #running = 0
  readonly #roomWanted: (() => void)[] = []
  readonly #idleWanted: (() => void)[] = []

  constructor(concurrency: Pick<Concurrency, 'limit'>) {
    this.#concurrency = concurrency
  }

  get running(): number {
    return this.#running
  }

  get hasRoom(): boolean {
    return this.#running < this.#concurrency.limit
  }

  /** Resolves when a task may be started. For one caller at a time. */
  async room(): Promise<void> {
    while (!this.hasRoom) {
      await new Promise<void>((resolve) => {
        this.#roomWanted.push(resolve)
      })
    }
  }

  /** Starts the task, which must never reject: it handles its own failures. */
  run(task: () => Promise<void>): void {
    this.#running += 1
    void task().then(() => {
      this.#running -= 1
      for (const resolve of this.#roomWanted.splice(0)) resolve()
      if (this.#running === 0) for (const resolve of this.#idleWanted.splice(0)) resolve()
    })
  }

  /** Resolves when no task runs. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idleWanted.push(resolve))
  }
}
