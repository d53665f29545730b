/** Whoever lets a buffer rest, as the pool sees him. */
export interface RestingHolder {
  /** Bytes of a part that could be sent now; 0 where there is none. */
  readonly sendable: number
  /** Sends it. */
  sendShort(): void
  /** Exchanges the buffer for a smaller one, if what it holds fits there. Answers whether it did. */
  shrink(): boolean
}

/** What the pool is to this. */
export interface StandingPool {
  /** Whether somebody waits for memory while none comes back by itself. */
  isAtStandstill(): boolean
  /** Serves one of those who wait whose turn it is not, if that is possible. */
  serveAnyone(): boolean
}

/** Ends a standstill of a pool, once it has lasted so long that a source must have paused. */
export class Standstill {
  readonly #pool: StandingPool
  readonly #patienceMs: number
  readonly #holders = new Set<RestingHolder>()
  #clock: NodeJS.Timeout | undefined

  constructor(pool: StandingPool, patienceMs: number) {
    this.#pool = pool
    this.#patienceMs = patienceMs
  }

  addHolder(holder: RestingHolder): void {
    this.#holders.add(holder)
  }

  removeHolder(holder: RestingHolder): void {
    this.#holders.delete(holder)
  }

  /** To be called after each change of the pool. */
  watch(): void {
    if (!this.#pool.isAtStandstill()) {
      clearTimeout(this.#clock)
      this.#clock = undefined
    } else {
      this.#clock ??= setTimeout(() => this.#end(), this.#patienceMs)
      this.#clock.ref()
    }
  }

  #end(): void {
    let hasHelped = false
    while (this.#pool.isAtStandstill() && this.#help()) hasHelped = true
    this.#clock = undefined
    this.watch()
    // Until the pool changes only a source can help, and this clock does not keep the process running for that.
    if (!hasHelped) (this.#clock as NodeJS.Timeout | undefined)?.unref()
  }

  #help(): boolean {
    for (const holder of this.#holders) if (holder.shrink()) return true
    return this.#sendLongest() || this.#pool.serveAnyone()
  }

  /** It frees most, for one part number. */
  #sendLongest(): boolean {
    let longest: RestingHolder | undefined
    let most = 0
    for (const holder of this.#holders) {
      const { sendable } = holder
      if (sendable > most) [longest, most] = [holder, sendable]
    }
    longest?.sendShort()
    return longest !== undefined
  }
}
