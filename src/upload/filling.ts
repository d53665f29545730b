/**
 * The part that a stream fills. Nobody knows how long it becomes, so the first part begins in a small buffer that is
 * exchanged for a larger one when it is full: a thousand streams of a few bytes hold a thousand small buffers. Further
 * parts are full ones in all likelihood, and begin so.
 *
 * The buffer rests while it is here. When the pool is at a standstill, it may ask for it: what the part holds is then
 * moved to a smaller buffer or sent as a short part.
 */
import type { PartBuffer } from '../checksum/crc64.js'
import type { BufferPool, BufferRequest, BufferWish } from '../memory/buffer-pool.js'
import type { PlannedPart } from './part-plan.js'
import type { RestingHolder } from '../memory/standstill.js'

export interface FillingOwner {
  /** The part to be filled next. Throws UploadError when there can be none. */
  nextPart(): PlannedPart
  /** Whether a part may be sent now. */
  mayCut(): boolean
  /** Takes the buffer and sends it. */
  cut(): void
}

export class Filling implements RestingHolder {
  readonly #pool: BufferPool
  readonly #owner: FillingOwner
  #buffer: PartBuffer | undefined
  #planned: PlannedPart | undefined
  /** Ends the waiting for a buffer. */
  #stopWaiting: (() => void) | undefined

  constructor(pool: BufferPool, owner: FillingOwner) {
    this.#pool = pool
    this.#owner = owner
  }

  /** Bytes held. */
  get length(): number {
    return this.#buffer?.length ?? 0
  }

  /** Whether the part has its full size. */
  get isFull(): boolean {
    return this.#buffer !== undefined && this.#buffer.length >= this.#part.size
  }

  /** Whether a part that is not full takes no byte before there is more memory. */
  get needsMemory(): boolean {
    return !this.#hasRoom && !this.isFull
  }

  /** Copies what fits in the memory that is there now, of a part that is not full; answers how many bytes that was. */
  append(source: Uint8Array, start: number, end: number): number {
    if (!this.#hasRoom) {
      const buffer = this.#pool.tryRequest(this.#request)
      if (buffer === undefined) return 0
      this.#moveTo(buffer)
    }
    return this.#buffer?.append(source, start, end) ?? 0
  }

  /** Resolves when it is worth trying again. Rejects where the machine has no memory; `signal` ends the waiting. */
  async wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    await new Promise<void>((resolve, reject) => {
      const settle = (then: () => void): void => {
        this.#stopWaiting = undefined
        signal.removeEventListener('abort', stop)
        then()
      }
      const stop = (): void => {
        leave()
        settle(resolve)
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#stopWaiting = stop
      const leave = this.#pool.request(
        this.#request,
        (buffer) => {
          this.#moveTo(buffer)
          settle(resolve)
        },
        (error) => settle(() => reject(error)),
      )
    })
  }

  /** Hands over the buffer, to be sent and released. */
  take(): PartBuffer | undefined {
    this.#stopWaiting?.()
    const buffer = this.#buffer
    if (buffer === undefined) return undefined
    this.#buffer = undefined
    this.#planned = undefined
    this.#pool.removeHolder(this)
    this.#pool.depart(buffer)
    return buffer
  }

  /** Gives the buffer back. */
  drop(): void {
    const buffer = this.take()
    if (buffer !== undefined) this.#pool.release(buffer)
  }

  get sendable(): number {
    const { length } = this
    return length > 0 && length >= this.#part.fewest && this.#owner.mayCut() ? length : 0
  }

  sendShort(): void {
    this.#stopWaiting?.()
    this.#owner.cut()
  }

  shrink(): boolean {
    const { first } = this.#pool
    if (this.#buffer === undefined || this.#buffer.capacity <= first || this.#buffer.length > first) return false
    const smaller = this.#pool.tryExchange(this.#wish(first))
    if (smaller !== undefined) this.#moveTo(smaller)
    return smaller !== undefined
  }

  get #part(): PlannedPart {
    this.#planned ??= this.#owner.nextPart()
    return this.#planned
  }

  get #hasRoom(): boolean {
    return this.#buffer !== undefined && this.#buffer.length < this.#buffer.capacity
  }

  /** The buffer to ask for next. */
  get #request(): BufferRequest {
    const { first, second, maxMemory } = this.#pool
    const { partNumber, size } = this.#part
    // While one buffer is exchanged for another both are there, and beside them the pool keeps room for a first one.
    const steps = [first, second].filter((step) => 2 * step <= size && step + size <= maxMemory - first)
    const held = this.#buffer?.capacity ?? 0
    const larger = [...steps, size].filter((step) => step > held)
    const [next = size, otherwise] = held === 0 && partNumber > 1 ? [size, steps[0]] : [larger[0], size]
    return {
      ...this.#wish(next),
      isExchange: held > 0,
      ...(otherwise === undefined || otherwise === next ? {} : { orElse: this.#wish(otherwise) }),
    }
  }

  #wish(capacity: number): BufferWish {
    return { capacity, use: capacity >= this.#part.fewest ? 'resting' : 'stuck' }
  }

  #moveTo(buffer: PartBuffer): void {
    const before = this.#buffer
    this.#buffer = buffer
    if (before === undefined) {
      this.#pool.addHolder(this)
    } else {
      for (const segment of before.segments) buffer.append(segment, 0, segment.length)
      this.#pool.release(before)
    }
  }
}
