/**
 * The part buffers of a store: `maxMemory`, shared by all its uploads and downloads so that none of them waits
 * indefinitely.
 *
 * A buffer is `moving` when it is released without help from outside, as one that is being sent is. It is `resting` while
 * a stream fills it: the stream may pause indefinitely, or until another upload that reads the same source proceeds.
 * Invariants:
 *
 * 1. The buffers handed out and those kept for reuse hold at most `maxMemory` bytes together.
 * 2. Requests that exchange a smaller buffer come before requests that have none. Both are first come, first served, but:
 *    of the former, any that fits is served; of the latter, smaller requests may overtake a larger one by at most an
 *    eighth of `maxMemory`.
 * 3. Resting buffers leave room for one first buffer, unless there is only one of them: so a buffer can always be
 *    exchanged for a first one.
 * 4. Resting buffers that cannot be freed (`stuck`) hold at most half of `maxMemory`: those too small to be sent as a
 *    part, which only more memory can free, and those lent to a reader. The former leave room for one full part, so the
 *    last stream that gets one can always proceed. No request waits for a stuck buffer to be released.
 * 5. When a request waits while nothing is moving, resting buffers are freed: exchanged for smaller ones, then sent as
 *    short parts. If none can be freed, any request that fits is served, at any place in the queue.
 *
 * docs/design/memory.md explains why, and what else was tried.
 */
import { KiB, MiB } from '../shared/byte-size.js'
import { toError } from '../shared/errors.js'
import type { Crc64Engine, PartBuffer } from '../checksum/crc64.js'
import { FreeBuffers } from './free-buffers.js'
import { type IdleHolder, DeadlockBreaker } from './deadlock-breaker.js'

/**
 * - `moving`: will be released without help from outside.
 * - `resting`: waits for a source.
 * - `stuck`: waits for a source and cannot be freed: too small to be sent as a part, or lent to a reader.
 */
export type BufferUse = 'moving' | 'resting' | 'stuck'

export interface BufferSpec {
  /** Bytes, at most `maxMemory`. */
  capacity: number
  use: BufferUse
  /** If the buffer is stuck: size in bytes of the larger buffer that frees it. */
  fullSize?: number
}

export interface BufferRequest extends BufferSpec {
  /** Size in bytes of the smaller buffer that the caller releases in exchange, at once; 0 if there is none. */
  held: number
  /** A smaller request to use instead, if waiting for the first one would not help. */
  orElse?: BufferSpec
}

interface Waiter {
  request: BufferRequest
  serve: (buffer: PartBuffer) => void
  fail: (error: Error) => void
  /** Bytes granted to later requests ahead of this one. */
  overtaken: number
}

/**
 * The memory of an upload of a few bytes. It holds the smallest part that OSS and OBS accept, so it is never stuck
 * there.
 */
const FIRST = 128 * KiB
const SECOND = MiB

/** How long nothing moves before short parts are sent. Streams that are not paused fill their parts in that time. */
const STANDSTILL_MS = 200

export class BufferPool {
  readonly maxMemory: number
  /** Sizes in bytes of the buffers that a part of unknown length is held in before it gets one of full size. */
  readonly first: number
  readonly second: number
  readonly #uses = new Map<PartBuffer, BufferUse>()
  readonly #bytes: Record<BufferUse, number> = { moving: 0, resting: 0, stuck: 0 }
  readonly #free: FreeBuffers
  readonly #deadlocks: DeadlockBreaker
  readonly #waiters: Waiter[] = []
  #isServing = false

  /** `standstillMs` is for tests. */
  constructor(engine: Pick<Crc64Engine, 'createPartBuffer'>, maxMemory: number, standstillMs: number = STANDSTILL_MS) {
    this.#free = new FreeBuffers(engine)
    this.maxMemory = maxMemory
    this.first = Math.min(FIRST, Math.floor(maxMemory / 8))
    this.second = Math.min(SECOND, Math.floor(maxMemory / 8))
    const isDeadlocked = (): boolean => this.#waiters.length > 0 && this.#bytes.moving === 0
    this.#deadlocks = new DeadlockBreaker({ isDeadlocked, serveAnyone: () => this.#serveAnyone() }, standstillMs)
  }

  /** Bytes of all buffers handed out. */
  get handedOutBytes(): number {
    const { moving, resting, stuck } = this.#bytes
    return moving + resting + stuck
  }

  /** Bytes kept for reuse. */
  get keptBytes(): number {
    return this.#free.bytes
  }

  /** Returns an empty buffer for use as `moving`, or undefined if there is no room now. */
  tryAcquire(capacity: number): PartBuffer | undefined {
    return this.tryRequest({ capacity, use: 'moving', held: 0 })
  }

  /** Resolves with such a buffer as soon as this request is served. Rejects with the reason of the signal. */
  async acquire(capacity: number, signal: AbortSignal): Promise<PartBuffer> {
    signal.throwIfAborted()
    const buffer = this.tryAcquire(capacity)
    if (buffer !== undefined) return buffer
    return new Promise<PartBuffer>((resolve, reject) => {
      const onAbort = () => {
        leave()
        reject(toError(signal.reason))
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const settled = () => signal.removeEventListener('abort', onAbort)
      const leave = this.request(
        { capacity, use: 'moving', held: 0 },
        (served) => {
          settled()
          resolve(served)
        },
        (error) => {
          settled()
          reject(error)
        },
      )
    })
  }

  /** Returns a buffer, or undefined if there is no room now. Throws if the machine has no memory for it. */
  tryRequest(request: BufferRequest): PartBuffer | undefined {
    if (this.#waiters.length === 0) {
      const spec = this.#specOf(request)
      return this.#fits(spec, request.held) ? this.#take(spec) : undefined
    }
    let answer: PartBuffer | Error | undefined
    const set = (served: PartBuffer | Error): void => void (answer = served)
    this.request(request, set, set)()
    if (answer instanceof Error) throw answer
    return answer
  }

  /**
   * Queues a request: calls `serve` or `fail` once, as soon as it can be served, which may be during this call. Returns a
   * function that withdraws the request.
   */
  request(request: BufferRequest, serve: Waiter['serve'], fail: Waiter['fail']): () => void {
    const waiter: Waiter = { request, serve, fail, overtaken: 0 }
    const behind = request.held > 0 ? this.#waiters.findIndex((other) => other.request.held === 0) : -1
    this.#waiters.splice(behind === -1 ? this.#waiters.length : behind, 0, waiter)
    this.#serve()
    return () => {
      // The next request may be for a smaller buffer, which fits.
      if (this.#remove(waiter)) this.#serve()
    }
  }

  /** Returns a buffer outside the queue, for one that the caller releases at once; undefined if there is no room. */
  tryExchange(spec: BufferSpec): PartBuffer | undefined {
    const { capacity, use } = spec
    if (this.handedOutBytes + capacity > this.maxMemory) return undefined
    if (use === 'stuck' && !this.#mayStick(spec)) return undefined
    try {
      return this.#take(spec)
    } catch {
      // The machine has no memory for it: keep the old buffer.
      return undefined
    }
  }

  /** Marks a buffer as moving: it is being sent, which needs neither more memory nor the source. */
  markMoving(buffer: PartBuffer): void {
    this.#setUse(buffer, 'moving')
    this.#deadlocks.watch()
  }

  /**
   * Returns whether a resting buffer may be lent to a reader. A lent buffer cannot be freed before the reader writes to
   * it or returns it, which may never happen: so it counts as stuck, and none is lent while a request waits for memory.
   */
  tryLend(buffer: PartBuffer): boolean {
    if (this.#waiters.length > 0) return false
    if (this.#uses.get(buffer) === 'stuck') return true
    if (!this.#mayStick({ capacity: buffer.capacity, use: 'stuck' })) return false
    this.#setUse(buffer, 'stuck')
    return true
  }

  /** Marks a lent buffer as returned by its reader. */
  takeBack(buffer: PartBuffer, use: 'resting' | 'stuck'): void {
    this.#setUse(buffer, use)
  }

  /** Marks a buffer as waiting for a reader that may pause indefinitely; its holder frees it if others wait for memory. */
  rest(buffer: PartBuffer): void {
    this.#setUse(buffer, 'resting')
    this.#deadlocks.watch()
  }

  /** Takes back a buffer that is no longer read. */
  release(buffer: PartBuffer): void {
    this.#setUse(buffer, undefined)
    this.#free.put(buffer)
    this.#serve()
    // When nothing is in flight, keep a reserve for the next upload, not the peak of the last one.
    if (this.handedOutBytes === 0) this.#free.shrink(this.maxMemory / 4)
  }

  /** Registers a holder that can be asked to free its buffer, until `removeHolder`. */
  addHolder(holder: IdleHolder): void {
    this.#deadlocks.addHolder(holder)
  }

  removeHolder(holder: IdleHolder): void {
    this.#deadlocks.removeHolder(holder)
  }

  #serve(): void {
    // A callback may release a buffer while it is served; the running loop handles that.
    if (this.#isServing) return
    this.#isServing = true
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#serveWaiter(next.waiter, next.spec)
    this.#isServing = false
    this.#deadlocks.watch()
  }

  #next(): { waiter: Waiter; spec: BufferSpec } | undefined {
    let head: Waiter | undefined
    for (const waiter of this.#waiters) {
      if (this.handedOutBytes === this.maxMemory) return undefined
      const spec = this.#specOf(waiter.request)
      if (this.#fits(spec, waiter.request.held)) {
        // An exchange frees a smaller buffer, which no new request takes while others wait: so none of them starves.
        if (head === undefined || waiter.request.held > 0) return { waiter, spec }
        if (head.overtaken + spec.capacity <= this.maxMemory / 8) {
          head.overtaken += spec.capacity
          return { waiter, spec }
        }
      }
      head ??= waiter
    }
    return undefined
  }

  /** Never wait for stuck buffers: they may not be released. */
  #specOf(request: BufferRequest): BufferSpec {
    const isHopeless = request.use === 'stuck' && !this.#mayStick(request)
    return isHopeless ? (request.orElse ?? request) : request
  }

  #serveWaiter(waiter: Waiter, spec: BufferSpec): void {
    this.#remove(waiter)
    let buffer: PartBuffer
    try {
      buffer = this.#take(spec)
    } catch (error) {
      // The machine has no memory for it.
      waiter.fail(toError(error))
      return
    }
    waiter.serve(buffer)
  }

  #remove(waiter: Waiter): boolean {
    const index = this.#waiters.indexOf(waiter)
    if (index !== -1) this.#waiters.splice(index, 1)
    return index !== -1
  }

  /** `held` bytes are released at once, so they do not count beside the buffer that replaces them. */
  #fits(spec: BufferSpec, held: number): boolean {
    const { capacity, use } = spec
    if (this.handedOutBytes + capacity > this.maxMemory) return false
    if (use === 'moving') return true
    const rests = this.#bytes.resting + this.#bytes.stuck - held
    if (rests > 0 && rests + capacity > this.maxMemory - this.first) return false
    return use === 'resting' || this.#mayStick(spec)
  }

  #mayStick({ capacity, fullSize = 0 }: BufferSpec): boolean {
    return this.#bytes.stuck + capacity <= Math.min(this.maxMemory / 2, this.maxMemory - fullSize)
  }

  #take({ capacity, use }: BufferSpec): PartBuffer {
    const buffer = this.#free.take(capacity, this.maxMemory - this.handedOutBytes - capacity)
    this.#uses.set(buffer, use)
    this.#bytes[use] += capacity
    return buffer
  }

  #setUse(buffer: PartBuffer, use: BufferUse | undefined): void {
    const before = this.#uses.get(buffer)
    // A buffer released twice would be handed out twice, and one upload would send the bytes of another.
    if (before === undefined) throw new Error('the buffer is not handed out. Please report this as a bug')
    this.#bytes[before] -= buffer.capacity
    if (use === undefined) this.#uses.delete(buffer)
    else {
      this.#uses.set(buffer, use)
      this.#bytes[use] += buffer.capacity
    }
  }

  /** Serves any request that fits; used when nothing is moving. */
  #serveAnyone(): boolean {
    for (const waiter of this.#waiters) {
      const { request } = waiter
      const spec = [request, request.orElse].find((each) => each !== undefined && this.#fits(each, request.held))
      if (spec === undefined) continue
      this.#serveWaiter(waiter, spec)
      return true
    }
    return false
  }
}
