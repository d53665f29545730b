/**
 * The part that a stream fills. Nobody knows how long it becomes, so the first part begins in a small buffer that is
 * exchanged for a larger one when it is full: a thousand streams of a few bytes hold a thousand small buffers. Further
 * parts are full ones in all likelihood, and begin so.
 *
 * The buffer rests while it is here. When the pool is at a standstill, it may ask for it: what the part holds is then
 * moved to a smaller buffer or sent as a short part. Invariant: memory that is lent to a reader stays where it is, and
 * goes to nobody else, until the reader returns it.
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
  /** What a reader may write to now. */
  #lent: Uint8Array | undefined
  /** The buffer was dropped while it was lent: it goes back to the pool when the reader returns it. */
  #isDropped = false
  /** Ends the waiting for a buffer. */
  #stopWaiting: (() => void) | undefined
  /** The buffer that was waited for is here, and the bytes that it is for are not in it yet. */
  #isJustServed = false

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
    this.#mustNotBeLent()
    if (!this.#hasRoom && !this.#grow()) return 0
    this.#isJustServed = false
    return this.#buffer?.append(source, start, end) ?? 0
  }

  /**
   * Lends a reader the memory behind the bytes held, of a part that is not full, until `takeBack`. Returns undefined when
   * there is no memory now, or none may be lent.
   */
  lend(): Uint8Array | undefined {
    this.#mustNotBeLent()
    if (!this.#hasRoom && !this.#grow()) return undefined
    if (this.#buffer === undefined || !this.#pool.tryLend(this.#buffer)) return undefined
    this.#lent = this.#buffer.free
    return this.#lent
  }

  /**
   * Takes back what was lent, with `length` bytes written to its front. `look` is called with them before they count.
   * Returns false when the buffer has been dropped meanwhile.
   */
  takeBack(length: number, look: ((bytes: Uint8Array) => void) | undefined): boolean {
    const buffer = this.#buffer
    const lent = this.#lent
    if (lent === undefined || buffer === undefined) throw new Error('no memory is lent. Please report this as a bug')
    this.#lent = undefined
    if (this.#isDropped) {
      this.#buffer = undefined
      this.#pool.release(buffer)
      return false
    }
    this.#pool.takeBack(buffer, this.#useOf(buffer.capacity))
    if (length > 0) look?.(lent.subarray(0, length))
    buffer.advance(length)
    return true
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
          this.#isJustServed = true
          this.#moveTo(buffer)
          settle(resolve)
        },
        (error) => settle(() => reject(error)),
      )
    })
  }

  /** Hands over the buffer, to be sent and released. */
  take(): PartBuffer | undefined {
    this.#mustNotBeLent()
    this.#stopWaiting?.()
    const buffer = this.#buffer
    if (buffer === undefined) return undefined
    this.#isJustServed = false
    this.#buffer = undefined
    this.#planned = undefined
    this.#pool.removeHolder(this)
    this.#pool.depart(buffer)
    return buffer
  }

  /** Gives the buffer back to the pool: at once, or when the reader that it is lent to returns it. */
  drop(): void {
    if (this.#lent !== undefined) {
      this.#isDropped = true
      this.#pool.removeHolder(this)
      return
    }
    const buffer = this.take()
    if (buffer !== undefined) this.#pool.release(buffer)
  }

  get sendable(): number {
    const { length } = this
    return length > 0 && this.#lent === undefined && length >= this.#part.fewest && this.#owner.mayCut() ? length : 0
  }

  sendShort(): void {
    this.#stopWaiting?.()
    this.#owner.cut()
  }

  shrink(): boolean {
    const { first } = this.#pool
    // Else streams that wait would take the buffer away from one another, and none of them would go on.
    if (this.#isJustServed || this.#lent !== undefined || this.#buffer === undefined) return false
    if (this.#buffer.capacity <= first || this.#buffer.length > first) return false
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
      held,
      ...(otherwise === undefined || otherwise === next ? {} : { orElse: this.#wish(otherwise) }),
    }
  }

  #wish(capacity: number): BufferWish {
    const use = this.#useOf(capacity)
    return use === 'stuck' ? { capacity, use, fullSize: this.#part.size } : { capacity, use }
  }

  #useOf(capacity: number): 'resting' | 'stuck' {
    return capacity >= this.#part.fewest ? 'resting' : 'stuck'
  }

  /** Returns whether there was memory for it. */
  #grow(): boolean {
    const buffer = this.#pool.tryRequest(this.#request)
    if (buffer !== undefined) this.#moveTo(buffer)
    return buffer !== undefined
  }

  #mustNotBeLent(): void {
    if (this.#lent !== undefined) throw new Error('the memory is lent to a reader. Please report this as a bug')
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
