/**
 * Finds request bodies that have stalled, and lets them be sent again before their limit.
 *
 * TCP retransmits after delays that double. So when a line was silent for a while, its connections stay silent for as long
 * again, but a new connection works at once. When no body has moved for a third of its limit, one of them is cancelled, and
 * its next attempt is the probe. When a later request gets its response while others are still stalled, those are cancelled
 * too.
 *
 * Invariant: a body is cancelled only if sending it again takes less time than is left of its limit. On a line that is slow,
 * or whose speed is unknown, no body is cancelled before its limit.
 */
import { STOPPED_MS } from '../exchange.js'

/** A body that is being sent. */
export class SendingBody {
  readonly #cancel: (reason: string) => void
  #begunAt: number | undefined
  #movedAt = 0
  #limitMs = 0
  #isFast = false
  #hasLeft = false

  /** `cancel` fails the attempt; another one follows. */
  constructor(cancel: (reason: string) => void) {
    this.#cancel = cancel
  }

  /** When its connection was ready; undefined before that. */
  get begunAt(): number | undefined {
    return this.#begunAt
  }

  get movedAt(): number {
    return this.#movedAt
  }

  /** Milliseconds that it takes to send again what has left. */
  get resendMs(): number {
    return this.#movedAt - (this.#begunAt ?? 0)
  }

  /** Records that bytes have left, or that the connection is ready for the first; `limitMs` is the limit from now on. */
  moved(limitMs: number, isFast: boolean): void {
    this.#movedAt = performance.now()
    this.#begunAt ??= this.#movedAt
    this.#limitMs = limitMs
    this.#isFast = isFast
  }

  /** Records that the last byte has left: from now on it waits for the response, which may take its time. */
  left(): void {
    this.#hasLeft = true
  }

  /** Returns whether it has stalled, and sending it again is faster than waiting for its limit. */
  isWorthResending(now: number): boolean {
    if (this.#begunAt === undefined || this.#hasLeft || !this.#isFast) return false
    const idleMs = now - this.#movedAt
    return idleMs >= patienceMs(this.#limitMs) && this.resendMs < this.#limitMs - idleMs
  }

  cancel(now: number, why: string): void {
    this.#cancel(`no byte of the request moved for ${Math.round(now - this.#movedAt)} ms, ${why}`)
  }
}

/** The bodies in flight of one transport. */
export class StalledBodies {
  readonly #patienceMs: number
  readonly #bodies = new Set<SendingBody>()
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  /** When the last probe was chosen. The next one follows only after another movement. */
  #probedAt = 0

  constructor(stallMs: number) {
    this.#patienceMs = patienceMs(stallMs)
  }

  /** Watches a body; `delete` must follow. */
  add(body: SendingBody): void {
    this.#bodies.add(body)
    if (this.#timer === undefined) this.#lookAfter(this.#patienceMs)
  }

  delete(body: SendingBody): void {
    this.#bodies.delete(body)
    if (this.#bodies.size > 0) return
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#timer = undefined
  }

  /** Reports the response to a body: cancels the bodies that have been stalled since before it started. */
  answered({ begunAt = 0 }: SendingBody): void {
    const now = performance.now()
    for (const other of [...this.#bodies]) {
      if (other.movedAt < begunAt && other.isWorthResending(now))
        other.cancel(now, 'but a later request got its response')
    }
  }

  #lookAfter(ms: number): void {
    const due = performance.now() + ms
    this.#timer = setTimeout(() => {
      // A busy process reads its sockets first. One that was suspended has not waited.
      const lateMs = performance.now() - due
      if (lateMs > STOPPED_MS) this.#lookAfter(this.#patienceMs)
      else this.#immediate = setImmediate(() => this.#look())
    }, ms)
  }

  #look(): void {
    const now = performance.now()
    const movedAt = Math.max(...[...this.#bodies].map((body) => body.movedAt))
    const leftMs = movedAt + this.#patienceMs - now
    if (leftMs <= 0 && movedAt > this.#probedAt) this.#probe(now)
    if (this.#bodies.size > 0) this.#lookAfter(leftMs > 0 ? leftMs : this.#patienceMs)
  }

  /** Cancels the body that costs least to send again. A single body keeps its limit: its server may be busy. */
  #probe(now: number): void {
    if (this.#bodies.size < 2) return
    const bodies = [...this.#bodies].filter((body) => body.isWorthResending(now))
    const [cheapest] = bodies.sort((a, b) => a.resendMs - b.resendMs)
    if (cheapest === undefined) return
    this.#probedAt = now
    cheapest.cancel(now, 'nor of any other one')
  }
}

/** Returns how long a body may stand still before it counts as stalled. */
function patienceMs(limitMs: number): number {
  return limitMs / 3
}
