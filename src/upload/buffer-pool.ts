/**
 * The part buffers of a store. Invariant: the buffers handed out and those kept for reuse hold at most `maxMemory`
 * bytes together. Whoever waits is served in order, so that no upload starves.
 */
import { toError } from '../shared/errors.js'
import type { Crc64Engine, PartBuffer } from '../checksum/crc64.js'

interface Waiter {
  capacity: number
  serve: (buffer: PartBuffer) => void
  fail: (error: Error) => void
}

export class BufferPool {
  readonly #engine: Pick<Crc64Engine, 'createPartBuffer'>
  readonly #maxMemory: number
  readonly #waiters: Waiter[] = []
  #kept: PartBuffer[] = []
  #handedOutBytes = 0

  constructor(engine: Pick<Crc64Engine, 'createPartBuffer'>, maxMemory: number) {
    this.#engine = engine
    this.#maxMemory = maxMemory
  }

  get maxMemory(): number {
    return this.#maxMemory
  }

  /** Bytes of all buffers handed out. */
  get handedOutBytes(): number {
    return this.#handedOutBytes
  }

  /** Bytes kept for reuse. */
  get keptBytes(): number {
    return this.#kept.reduce((sum, { capacity }) => sum + capacity, 0)
  }

  /** An empty buffer, or undefined when there is none now. `capacity` is at most `maxMemory`. */
  tryAcquire(capacity: number): PartBuffer | undefined {
    return this.#waiters.length === 0 ? this.#take(capacity) : undefined
  }

  /** An empty buffer as soon as it is this caller's turn. Rejects with the signal's reason. */
  async acquire(capacity: number, signal: AbortSignal): Promise<PartBuffer> {
    signal.throwIfAborted()
    const buffer = this.tryAcquire(capacity)
    if (buffer !== undefined) return buffer
    return new Promise<PartBuffer>((resolve, reject) => {
      const onAbort = () => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1)
        reject(toError(signal.reason))
        // A smaller buffer may be what the next one waits for.
        this.#serve()
      }
      const waiter: Waiter = {
        capacity,
        serve(served) {
          signal.removeEventListener('abort', onAbort)
          resolve(served)
        },
        fail(error) {
          signal.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      this.#waiters.push(waiter)
      signal.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** Takes back a buffer that nobody reads any more. */
  release(buffer: PartBuffer): void {
    buffer.clear()
    this.#handedOutBytes -= buffer.capacity
    this.#kept.push(buffer)
    this.#serve()
    // With nothing under way, what stays behind is a reserve for the next upload, not its predecessor's peak.
    if (this.#handedOutBytes === 0) this.#shrink(this.#maxMemory / 4)
  }

  #serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      try {
        const buffer = this.#take(waiter.capacity)
        if (buffer === undefined) return
        this.#waiters.shift()
        waiter.serve(buffer)
      } catch (error) {
        // The machine has no memory for it.
        this.#waiters.shift()
        waiter.fail(toError(error))
      }
    }
  }

  #take(capacity: number): PartBuffer | undefined {
    if (this.#handedOutBytes + capacity > this.#maxMemory) return undefined
    const index = this.#kept.findLastIndex((buffer) => buffer.capacity === capacity)
    const [reused] = index === -1 ? [] : this.#kept.splice(index, 1)
    if (reused === undefined) this.#shrink(this.#maxMemory - this.#handedOutBytes - capacity)
    const buffer = reused ?? this.#engine.createPartBuffer(capacity)
    this.#handedOutBytes += capacity
    return buffer
  }

  /** Lets go of the buffers that were used longest ago until those kept hold at most `bytes`. */
  #shrink(bytes: number): void {
    let excess = this.keptBytes - bytes
    while (excess > 0) excess -= this.#kept.shift()?.capacity ?? excess
  }
}
