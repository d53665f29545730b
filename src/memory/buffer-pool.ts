/**
 * The part buffers of a store: `maxMemory` shared by all its uploads so that none of them waits for ever.
 *
 * A buffer moves when it comes back by itself, as one that is being sent does. It rests while a stream fills it: the
 * stream may pause for ever, or until another upload goes on that is fed by the same source. Invariants:
 *
 * 1. The buffers handed out and those kept for reuse hold at most `maxMemory` bytes together.
 * 2. Who waits with a smaller buffer in hand comes before who waits with none. Within both the order is that of coming;
 *    of the former whoever fits is served, of the latter smaller wishes may overtake a larger one, by an eighth of
 *    `maxMemory` at most.
 * 3. Buffers that rest leave one first buffer free, unless there is only one: so a buffer can always be exchanged for a
 *    first one.
 * 4. Resting buffers that cannot be set free hold at most half: those too small to be sent as a part, which only more
 *    memory can set free, and those lent to a reader. The former leave room for the full part of the last stream to get
 *    one: that stream can always go on. Nobody waits for one of these to be given back.
 * 5. When somebody waits while nothing moves, resting buffers are set free: exchanged for smaller ones, then sent as
 *    short parts. Where nothing can be set free, the order gives way.
 *
 * Why, and what else was tried, is in docs/design/memory.md.
 */
import { KiB, MiB } from '../shared/byte-size.js'
import { toError } from '../shared/errors.js'
import type { Crc64Engine, PartBuffer } from '../checksum/crc64.js'
import { BufferShelf } from './buffer-shelf.js'
import { type RestingHolder, Standstill } from './standstill.js'

/**
 * - `moving`: comes back by itself.
 * - `resting`: waits for a source.
 * - `stuck`: waits for a source, and cannot be set free: too small to be sent as a part, or lent to a reader.
 */
export type BufferUse = 'moving' | 'resting' | 'stuck'

export interface BufferWish {
  /** Bytes, at most `maxMemory`. */
  capacity: number
  use: BufferUse
  /** Of a buffer that is stuck: bytes of the larger one that sets it free. */
  fullSize?: number
}

export interface BufferRequest extends BufferWish {
  /** Bytes of the smaller buffer that the caller gives back for it, at once; 0 where there is none. */
  held: number
  /** What will do where waiting for the first wish is of no use. */
  orElse?: BufferWish
}

interface Waiter {
  request: BufferRequest
  serve: (buffer: PartBuffer) => void
  fail: (error: Error) => void
  /** Bytes served to who came later. */
  overtaken: number
}

/** The memory of an upload of a few bytes. It holds the smallest part that OSS and OBS take, so it is never stuck there. */
const FIRST = 128 * KiB
const SECOND = MiB

/** How long nothing moves before parts are sent short: streams that are not paused fill theirs meanwhile. */
const STANDSTILL_MS = 200

export class BufferPool {
  readonly maxMemory: number
  /** Bytes of the buffers that a part of unknown length goes through before it has one of full size. */
  readonly first: number
  readonly second: number
  readonly #uses = new Map<PartBuffer, BufferUse>()
  readonly #bytes: Record<BufferUse, number> = { moving: 0, resting: 0, stuck: 0 }
  readonly #shelf: BufferShelf
  readonly #standstill: Standstill
  readonly #waiters: Waiter[] = []
  #isServing = false

  /** `standstillMs` is for tests. */
  constructor(engine: Pick<Crc64Engine, 'createPartBuffer'>, maxMemory: number, standstillMs: number = STANDSTILL_MS) {
    this.#shelf = new BufferShelf(engine)
    this.maxMemory = maxMemory
    this.first = Math.min(FIRST, Math.floor(maxMemory / 8))
    this.second = Math.min(SECOND, Math.floor(maxMemory / 8))
    const isAtStandstill = (): boolean => this.#waiters.length > 0 && this.#bytes.moving === 0
    this.#standstill = new Standstill({ isAtStandstill, serveAnyone: () => this.#serveAnyone() }, standstillMs)
  }

  /** Bytes of all buffers handed out. */
  get handedOutBytes(): number {
    const { moving, resting, stuck } = this.#bytes
    return moving + resting + stuck
  }

  /** Bytes kept for reuse. */
  get keptBytes(): number {
    return this.#shelf.bytes
  }

  /** An empty buffer that will come back by itself, or undefined when there is none now. */
  tryAcquire(capacity: number): PartBuffer | undefined {
    return this.tryRequest({ capacity, use: 'moving', held: 0 })
  }

  /** The same as soon as it is this caller's turn. Rejects with the signal's reason. */
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

  /** A buffer that is there now. Throws where the machine has no memory for it. */
  tryRequest(request: BufferRequest): PartBuffer | undefined {
    if (this.#waiters.length === 0) {
      const wish = this.#wishOf(request)
      return this.#fits(wish, request.held) ? this.#take(wish) : undefined
    }
    let answer: PartBuffer | Error | undefined
    const set = (served: PartBuffer | Error): void => void (answer = served)
    this.request(request, set, set)()
    if (answer instanceof Error) throw answer
    return answer
  }

  /**
   * One of `serve` and `fail` is called as soon as it is this caller's turn, which may be at once. The function returned
   * ends the waiting.
   */
  request(request: BufferRequest, serve: Waiter['serve'], fail: Waiter['fail']): () => void {
    const waiter: Waiter = { request, serve, fail, overtaken: 0 }
    const behind = request.held > 0 ? this.#waiters.findIndex((other) => other.request.held === 0) : -1
    this.#waiters.splice(behind === -1 ? this.#waiters.length : behind, 0, waiter)
    this.#serve()
    return () => {
      // A smaller buffer may be what the next one waits for.
      if (this.#remove(waiter)) this.#serve()
    }
  }

  /** For a buffer given back at once, out of turn. */
  tryExchange(wish: BufferWish): PartBuffer | undefined {
    const { capacity, use } = wish
    if (this.handedOutBytes + capacity > this.maxMemory) return undefined
    if (use === 'stuck' && !this.#mayStick(wish)) return undefined
    try {
      return this.#take(wish)
    } catch {
      // The machine has no memory for it: then nothing is exchanged.
      return undefined
    }
  }

  /** The buffer rests no more: what becomes of it takes its time, but no more memory and no source. */
  depart(buffer: PartBuffer): void {
    this.#setUse(buffer, 'moving')
    this.#standstill.watch()
  }

  /**
   * Returns whether a resting buffer may be lent to a reader. A lent buffer cannot be set free before the reader writes to
   * it or lets go of it, which may be never: so it counts as stuck, and none is lent while somebody waits for memory.
   */
  tryLend(buffer: PartBuffer): boolean {
    if (this.#waiters.length > 0) return false
    if (this.#uses.get(buffer) === 'stuck') return true
    if (!this.#mayStick({ capacity: buffer.capacity, use: 'stuck' })) return false
    this.#setUse(buffer, 'stuck')
    return true
  }

  /** The reader has let go of a lent buffer, which rests again. */
  takeBack(buffer: PartBuffer, use: 'resting' | 'stuck'): void {
    this.#setUse(buffer, use)
  }

  /** The buffer waits for a reader, who may pause indefinitely: its holder sets it free where others wait for memory. */
  rest(buffer: PartBuffer): void {
    this.#setUse(buffer, 'resting')
    this.#standstill.watch()
  }

  /** Takes back a buffer that nobody reads any more. */
  release(buffer: PartBuffer): void {
    this.#setUse(buffer, undefined)
    this.#shelf.put(buffer)
    this.#serve()
    // With nothing under way, what stays behind is a reserve for the next upload, not its predecessor's peak.
    if (this.handedOutBytes === 0) this.#shelf.shrink(this.maxMemory / 4)
  }

  /** The holder can be asked to set its buffer free, until `removeHolder`. */
  addHolder(holder: RestingHolder): void {
    this.#standstill.addHolder(holder)
  }

  removeHolder(holder: RestingHolder): void {
    this.#standstill.removeHolder(holder)
  }

  #serve(): void {
    // Who is served may give back a buffer: the loop comes to that.
    if (this.#isServing) return
    this.#isServing = true
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#serveWaiter(next.waiter, next.wish)
    this.#isServing = false
    this.#standstill.watch()
  }

  #next(): { waiter: Waiter; wish: BufferWish } | undefined {
    let head: Waiter | undefined
    for (const waiter of this.#waiters) {
      if (this.handedOutBytes === this.maxMemory) return undefined
      const wish = this.#wishOf(waiter.request)
      if (this.#fits(wish, waiter.request.held)) {
        // An exchange sets a smaller buffer free, for which nobody new comes while others wait: none of these starves.
        if (head === undefined || waiter.request.held > 0) return { waiter, wish }
        if (head.overtaken + wish.capacity <= this.maxMemory / 8) {
          head.overtaken += wish.capacity
          return { waiter, wish }
        }
      }
      head ??= waiter
    }
    return undefined
  }

  /** Nobody waits for others to be unstuck: that may be never. */
  #wishOf(request: BufferRequest): BufferWish {
    const isHopeless = request.use === 'stuck' && !this.#mayStick(request)
    return isHopeless ? (request.orElse ?? request) : request
  }

  #serveWaiter(waiter: Waiter, wish: BufferWish): void {
    this.#remove(waiter)
    let buffer: PartBuffer
    try {
      buffer = this.#take(wish)
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

  /** `held` comes back at once: it does not rest beside what it is exchanged for. */
  #fits(wish: BufferWish, held: number): boolean {
    const { capacity, use } = wish
    if (this.handedOutBytes + capacity > this.maxMemory) return false
    if (use === 'moving') return true
    const rests = this.#bytes.resting + this.#bytes.stuck - held
    if (rests > 0 && rests + capacity > this.maxMemory - this.first) return false
    return use === 'resting' || this.#mayStick(wish)
  }

  #mayStick({ capacity, fullSize = 0 }: BufferWish): boolean {
    return this.#bytes.stuck + capacity <= Math.min(this.maxMemory / 2, this.maxMemory - fullSize)
  }

  #take({ capacity, use }: BufferWish): PartBuffer {
    const buffer = this.#shelf.take(capacity, this.maxMemory - this.handedOutBytes - capacity)
    this.#uses.set(buffer, use)
    this.#bytes[use] += capacity
    return buffer
  }

  #setUse(buffer: PartBuffer, use: BufferUse | undefined): void {
    const before = this.#uses.get(buffer)
    // Given back twice, it would be handed out twice, and one upload would send the bytes of another.
    if (before === undefined) throw new Error('the buffer is not handed out. Please report this as a bug')
    this.#bytes[before] -= buffer.capacity
    if (use === undefined) this.#uses.delete(buffer)
    else {
      this.#uses.set(buffer, use)
      this.#bytes[use] += buffer.capacity
    }
  }

  /** At a standstill. */
  #serveAnyone(): boolean {
    for (const waiter of this.#waiters) {
      const { request } = waiter
      const wish = [request, request.orElse].find((each) => each !== undefined && this.#fits(each, request.held))
      if (wish === undefined) continue
      this.#serveWaiter(waiter, wish)
      return true
    }
    return false
  }
}
