import type { Readable } from 'node:stream'
import { HttpFailure } from '../http-failure.js'

interface OpenBody {
  /** Time of the last received byte. A body that is not read soon stops receiving. */
  movedAt: number
  timer?: NodeJS.Timeout
}

/** The bodies of responses that callers read by themselves. */
export class OpenBodies {
  readonly #stallMs: number
  readonly #bodies = new Map<Readable, OpenBody>()
  #isEnding = false

  constructor(stallMs: number) {
    this.#stallMs = stallMs
  }

  add(body: Readable): void {
    const open: OpenBody = { movedAt: performance.now() }
    this.#bodies.set(body, open)
    const push = body.push.bind(body)
    body.push = (chunk: unknown, encoding?: BufferEncoding) => {
      open.movedAt = performance.now()
      return push(chunk, encoding)
    }
    body.once('close', () => {
      clearTimeout(open.timer)
      this.#bodies.delete(body)
    })
    if (this.#isEnding) this.#endUnread(body, open)
  }

  /** From now on, destroys each body, including later ones, that receives no byte for `stallMs`, because it is not read. */
  endUnread(): void {
    this.#isEnding = true
    for (const [body, open] of this.#bodies) this.#endUnread(body, open)
  }

  #endUnread(body: Readable, open: OpenBody): void {
    const leftMs = open.movedAt + this.#stallMs - performance.now()
    if (leftMs > 0) {
      open.timer = setTimeout(() => this.#endUnread(body, open), leftMs)
      return
    }
    const why = `nothing was read for ${this.#stallMs} ms, and the store was closed`
    body.destroy(new HttpFailure('timeout', why, true))
  }
}
