import type { Readable } from 'node:stream'
import { HttpFailure } from '../http-failure.js'

/** The bodies of responses that callers read by themselves. */
export class OpenBodies {
  /** When bytes of each body arrived last: a body that is not read stops to receive some after a while. */
  readonly #movedAt = new Map<Readable, number>()
  #onClose: () => void = () => undefined

  add(body: Readable): void {
    const push = body.push.bind(body)
    const moved = () => this.#movedAt.set(body, performance.now())
    moved()
    body.push = (chunk: unknown, encoding?: BufferEncoding) => {
      moved()
      return push(chunk, encoding)
    }
    body.once('close', () => {
      this.#movedAt.delete(body)
      this.#onClose()
    })
  }

  /** Resolves when all bodies are closed. Destroys those of which no byte arrives for `stallMs`: nobody reads them. */
  async end(stallMs: number): Promise<void> {
    while (this.#movedAt.size > 0) {
      const now = performance.now()
      for (const [body, movedAt] of this.#movedAt) {
        if (now - movedAt < stallMs) continue
        this.#movedAt.delete(body)
        body.destroy(new HttpFailure('timeout', `nothing was read for ${stallMs} ms, and the store was closed`, true))
      }
      await this.#nextLook(stallMs)
    }
  }

  /** Resolves when a body is closed, or one may have stalled. */
  async #nextLook(stallMs: number): Promise<void> {
    if (this.#movedAt.size === 0) return
    const dueAt = Math.min(...this.#movedAt.values()) + stallMs
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, dueAt - performance.now()))
      this.#onClose = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
