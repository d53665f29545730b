/**
 * Finds by trial how many parts to keep in flight: more as long as that raises the throughput, fewer if that costs none,
 * half when the service refuses requests. Pure policy: events in, a number out.
 *
 * Invariants: the number stays between `min` and `max`; trials change it only by measurements made while the network, not
 * the source, was the slow side.
 */

export interface AdaptiveOptions {
  min: number
  max: number
  /** The initial number. */
  start: number
  /** Default false. */
  ignoresDelays?: boolean
}

/** A higher number is kept if it gains this share of what it would gain if parts did not slow each other down. */
const WORTH = 0.2
/** A lower number is kept if it costs no more than this share of the throughput. */
const LOSS = 0.03
/** A trial changes the number by this share of it. */
const STEP = 0.25
/** If a smaller share of the time is spent waiting for the network, the source is the slow side. */
const WAITING = 0.2
/** Measurements between trials, at most. */
const LONGEST_REST = 16

/**
 * - `climbing`: doubles the number as long as it pays.
 * - `resting`: keeps the number for so many measurements; the next trial is compared with the last of them.
 * - `trying`: uses another number for one measurement.
 */
type State =
  | { name: 'climbing'; before: Level | undefined }
  | { name: 'resting'; left: number; next: 'up' | 'down' }
  | { name: 'trying'; before: Level }

interface Level {
  limit: number
  /** Bytes per millisecond. */
  rate: number
}

interface Measurement {
  /** Parts that started under the previous number, and are not counted. */
  skip: number
  parts: number
  bytes: number
  since: number
  blockedMs: number
}

export class AdaptiveConcurrency {
  readonly #min: number
  readonly #max: number
  readonly #ignoresDelays: boolean
  readonly #now: () => number
  #limit: number
  #state: State = { name: 'climbing', before: undefined }
  #measurement: Measurement
  #rest = 1
  /** Parts that were in flight when the number was halved: their refusals are not counted again. */
  #alreadyCounted = 0

  constructor(
    { min, max, start, ignoresDelays = false }: AdaptiveOptions,
    now: () => number = () => performance.now(),
  ) {
    this.#min = min
    this.#max = max
    this.#ignoresDelays = ignoresDelays
    this.#now = now
    this.#limit = Math.min(max, Math.max(min, start))
    this.#measurement = this.#newMeasurement(0)
  }

  /** Parts to have in flight. */
  get limit(): number {
    return this.#limit
  }

  /** Reports an acknowledged part. `blockedMs` is the total time that the source has waited for the network. */
  completed(bytes: number, blockedMs: number): void {
    this.#alreadyCounted = Math.max(0, this.#alreadyCounted - 1)
    const measured = this.#measurement
    if (measured.skip > 0) {
      measured.skip -= 1
      if (measured.skip === 0) this.#measurement = { ...measured, since: this.#now(), blockedMs }
      return
    }
    measured.parts += 1
    measured.bytes += bytes
    const elapsed = this.#now() - measured.since
    // The parts of one round may all end at the same time.
    if (measured.parts < this.#partsToMeasure || elapsed <= 0) return
    const isNetworkSlow = blockedMs - measured.blockedMs >= WAITING * elapsed
    if (isNetworkSlow) this.#decide({ limit: this.#limit, rate: measured.bytes / elapsed })
    else this.#measurement = this.#newMeasurement(1)
  }

  /** Reports that the service throttled a request. Requests that were in flight together count once. */
  refused(): void {
    if (this.#alreadyCounted > 0) {
      this.#alreadyCounted -= 1
      return
    }
    this.#alreadyCounted = this.#limit - 1
    this.#set(Math.floor(this.#limit / 2))
    this.#rest = LONGEST_REST
    this.#state = { name: 'resting', left: LONGEST_REST, next: 'up' }
  }

  /** Reports that the service delayed a request because there were too many: tries fewer, if that costs nothing. */
  delayed(): void {
    if (this.#ignoresDelays) return
    if (this.#state.name === 'resting') this.#state.next = 'down'
    else this.#state = { name: 'resting', left: 1, next: 'down' }
  }

  get #partsToMeasure(): number {
    return Math.max(4, this.#state.name === 'climbing' ? this.#limit : 2 * this.#limit)
  }

  #decide(now: Level): void {
    const state = this.#state
    if (state.name === 'climbing') {
      if (state.before === undefined || isWorth(state.before, now)) this.#climb(now)
      else this.#settle(state.before)
    } else if (state.name === 'resting') {
      state.left -= 1
      if (state.left <= 0) this.#try(now, state.next)
      else this.#measurement = this.#newMeasurement(1)
    } else {
      this.#judge(state.before, now)
    }
  }

  #climb(now: Level): void {
    this.#state = { name: 'climbing', before: now }
    if (this.#limit === this.#max) this.#settle(now)
    else this.#set(this.#limit * 2)
  }

  /** Doubling no longer paid: the best number may lie in between. */
  #settle(best: Level): void {
    this.#set(best.limit)
    this.#rest = 1
    this.#state = { name: 'resting', left: 1, next: 'up' }
  }

  #try(now: Level, wanted: 'up' | 'down'): void {
    const step = Math.max(1, Math.round(this.#limit * STEP))
    const limit = this.#within(wanted === 'up' ? this.#limit + step : this.#limit - step)
    if (limit === this.#limit) {
      this.#state = { name: 'resting', left: this.#rest, next: wanted === 'up' ? 'down' : 'up' }
      this.#measurement = this.#newMeasurement(1)
      return
    }
    this.#state = { name: 'trying', before: now }
    this.#set(limit)
  }

  #judge(before: Level, now: Level): void {
    const wasUp = now.limit > before.limit
    const isGood = wasUp ? isWorth(before, now) : now.rate >= before.rate * (1 - LOSS)
    if (isGood) {
      this.#rest = 1
      this.#measurement = this.#newMeasurement(1)
    } else {
      this.#rest = Math.min(LONGEST_REST, this.#rest * 2)
      this.#set(before.limit)
    }
    // A direction that paid is tried again; otherwise the other direction is tried.
    const next = isGood === wasUp ? 'up' : 'down'
    this.#state = { name: 'resting', left: this.#rest, next }
  }

  /** Parts in flight started under the previous number, and are not counted. */
  #set(limit: number): void {
    const inFlight = this.#limit
    this.#limit = this.#within(limit)
    this.#measurement = this.#newMeasurement(Math.max(inFlight, this.#limit))
  }

  #within(limit: number): number {
    return Math.min(this.#max, Math.max(this.#min, limit))
  }

  #newMeasurement(skip: number): Measurement {
    return { skip: Math.max(1, skip), parts: 0, bytes: 0, since: this.#now(), blockedMs: 0 }
  }
}

function isWorth(before: Level, now: Level): boolean {
  return now.rate >= before.rate * (1 + WORTH * (now.limit / before.limit - 1))
}
