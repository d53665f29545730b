/**
 * The part that a stream fills. Its length is not known in advance, so the first part starts in a small buffer, which is
 * exchanged for a larger one when it is full: a thousand streams of a few bytes hold a thousand small buffers. Further
 * parts are most likely full, and start with a full-size buffer.
 *
 * The buffer is `resting` here. When nothing moves in the pool, the pool may ask for it: its content is then moved to a
 * smaller buffer or sent as a short part. Invariant: memory that is lent to a reader is neither moved nor reused until the
 * reader returns it.
 */
import type { PartBuffer } from '../../checksum/crc64.js'
import type { BufferPool, BufferRequest, BufferSpec } from '../../memory/buffer-pool.js'
import type { PlannedPart } from './part-plan.js'
import type { IdleHolder } from '../../memory/deadlock-breaker.js'

export interface PartOwner {
  /** Returns the part to fill next. Throws UploadError if there can be none. */
  nextPart(): PlannedPart
  /** Returns whether a part may be sent now. */
  mayCut(): boolean
  /** Takes the buffer and sends it. */
  cut(): void
}

export class CurrentPart implements IdleHolder {
  readonly #pool: BufferPool
  readonly #owner: PartOwner
  #buffer: PartBuffer | undefined
  #planned: PlannedPart | undefined
  /** The memory that is lent to a reader. */
  #lent: Uint8Array | undefined
  /** Whether the buffer was dropped while it was lent: it is released when the reader returns it. */
  #isDropped = false
  /** Ends the waiting for a buffer. */
  #stopWaiting: (() => void) | undefined
  /** Whether the requested buffer is available, but not yet the bytes for it. */
  #isJustServed = false

  constructor(pool: BufferPool, owner: PartOwner) {
    this.#pool = pool
    this.#owner = owner
  }

  /** Number of bytes in the part. */
  get length(): number {
    return this.#buffer?.length ?? 0
  }

  /** Whether the part has its full size. */
  get isFull(): boolean {
    return this.#buffer !== undefined && this.#buffer.length >= this.#part.size
  }

  /** Whether the part is not full, but accepts no byte before there is more memory. */
  get needsMemory(): boolean {
    return !this.#hasRoom && !this.isFull
  }

  /** Copies as much as fits in the current memory of a part that is not full. Returns the number of bytes copied. */
  append(source: Uint8Array, start: number, end: number): number {
    this.#mustNotBeLent()
    if (!this.#hasRoom && !this.#grow()) return 0
    this.#isJustServed = false
    return this.#buffer?.append(source, start, end) ?? 0
  }

  /**
   * Lends a reader the free memory of a part that is not full, until `takeBack`. Returns undefined if there is no
   * memory now, or none may be lent.
   */
  lend(): Uint8Array | undefined {
    this.#mustNotBeLent()
    if (!this.#hasRoom && !this.#grow()) return undefined
    if (this.#buffer === undefined || !this.#pool.tryLend(this.#buffer)) return undefined
    this.#lent = this.#buffer.free
    return this.#lent
  }

  /**
   * Takes back the lent memory, with `length` bytes written to its start. `look` is called with them before they count.
   * Returns false if the buffer was dropped meanwhile.
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

  /** Resolves when it is worth trying again. Rejects if the machine has no memory, or when `signal` is aborted. */
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

  /** Returns the buffer, which the caller sends and releases. */
  take(): PartBuffer | undefined {
    this.#mustNotBeLent()
    this.#stopWaiting?.()
    const buffer = this.#buffer
    if (buffer === undefined) return undefined
    this.#isJustServed = false
    this.#buffer = undefined
    this.#planned = undefined
    this.#pool.removeHolder(this)
    this.#pool.markMoving(buffer)
    return buffer
  }

  /** Releases the buffer: at once, or when the reader that it is lent to returns it. */
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
    // Otherwise waiting streams would take the buffer from one another, and none of them would proceed.
    if (this.#isJustServed || this.#lent !== undefined || this.#buffer === undefined) return false
    if (this.#buffer.capacity <= first || this.#buffer.length > first) return false
    const smaller = this.#pool.tryExchange(this.#spec(first))
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

  /** The buffer to request next. */
  get #request(): BufferRequest {
    const { first, second, maxMemory } = this.#pool
    const { partNumber, size } = this.#part
    // During an exchange both buffers exist, and the pool also keeps room for a first one.
    const steps = [first, second].filter((step) => 2 * step <= size && step + size <= maxMemory - first)
    const held = this.#buffer?.capacity ?? 0
    const larger = [...steps, size].filter((step) => step > held)
    const [next = size, otherwise] = held === 0 && partNumber > 1 ? [size, steps[0]] : [larger[0], size]
    return {
      ...this.#spec(next),
      held,
      ...(otherwise === undefined || otherwise === next ? {} : { orElse: this.#spec(otherwise) }),
    }
  }

  #spec(capacity: number): BufferSpec {
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
