/** A clock that only advances on demand. */
export class FakeClock {
  #now = 0
  #timers: { at: number; callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  get timers(): number {
    return this.#timers.length
  }

  /** Lets `ms` go by: what is due on the way is called, in order, and what follows from it in promises happens. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settled()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = next.at
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.callback()
      await settled()
    }
    this.#now = end
  }

  #next(end: number): { at: number; callback: () => void } | undefined {
    const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
    return due[0]
  }
}

/** Promises that depend on nothing but each other have settled. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
