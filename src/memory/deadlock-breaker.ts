/** The owner of an idle buffer, as seen by the pool. */
export interface IdleHolder {
  /** Bytes that could be sent as a part now; 0 if there are none. */
  readonly sendable: number
  /** Sends these bytes as a short part. */
  sendShort(): void
  /** Exchanges the buffer for a smaller one, if its content fits. Returns whether it did. */
  shrink(): boolean
}

/** The part of the pool that this uses. */
export interface WatchedPool {
  /** Returns whether a request waits for memory while no buffer is moving. */
  isDeadlocked(): boolean
  /** Serves any waiting request that fits. Returns whether there was one. */
  serveAnyone(): boolean
}

/** Frees buffers when requests wait while nothing moves, once that has lasted so long that a source must have paused. */
export class DeadlockBreaker {
  readonly #pool: WatchedPool
  readonly #patienceMs: number
  readonly #holders = new Set<IdleHolder>()
  #clock: NodeJS.Timeout | undefined

  constructor(pool: WatchedPool, patienceMs: number) {
    this.#pool = pool
    this.#patienceMs = patienceMs
  }

  addHolder(holder: IdleHolder): void {
    this.#holders.add(holder)
  }

  removeHolder(holder: IdleHolder): void {
    this.#holders.delete(holder)
  }

  /** Must be called after each change of the pool. */
  watch(): void {
    if (!this.#pool.isDeadlocked()) {
      clearTimeout(this.#clock)
      this.#clock = undefined
    } else {
      this.#clock ??= setTimeout(() => this.#end(), this.#patienceMs)
      this.#clock.ref()
    }
  }

  #end(): void {
    let hasHelped = false
    while (this.#pool.isDeadlocked() && this.#help()) hasHelped = true
    this.#clock = undefined
    this.watch()
    // Until the pool changes only a source can help, and this timer must not keep the process alive for that.
    if (!hasHelped) (this.#clock as NodeJS.Timeout | undefined)?.unref()
  }

  #help(): boolean {
    for (const holder of this.#holders) if (holder.shrink()) return true
    return this.#sendLongest() || this.#pool.serveAnyone()
  }

  /** The longest one frees most memory for one part number. */
  #sendLongest(): boolean {
    let longest: IdleHolder | undefined
    let most = 0
    for (const holder of this.#holders) {
      const { sendable } = holder
      if (sendable > most) [longest, most] = [holder, sendable]
    }
    longest?.sendShort()
    return longest !== undefined
  }
}
