/**
 * Bytes become parts: each chunk is copied into the part buffer being filled, full buffers go to the store. It knows
 * nothing of streams; a stream writes to it, one chunk at a time.
 *
 * Invariants: at most `concurrency + 1` buffers are held (those in flight and the one being filled); part numbers are
 * given out in the order of the bytes; nothing is sent before it is known that there is more than one part.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PartBuffer } from '../checksum/crc64.js'
import { KiB } from '../shared/byte-size.js'
import { copyOfObjectOptions } from '../stores/object-options.js'
import { PartPlan } from './part-plan.js'
import type { UploadProgress } from './progress.js'
import { Transfer, type UploadHost, type UploadObserver } from './transfer.js'
import { checkUploadOptions, type SendOptions, type UploadOptions } from './upload-options.js'
import type { UploadResult } from './upload-result.js'

/** What is copied and checksummed before other work gets a turn. */
const SLICE = 64 * KiB

export class Upload {
  readonly key: string
  readonly #host: UploadHost
  readonly #sendOptions: SendOptions
  readonly #plan: PartPlan
  readonly #transfer: Transfer
  #filling: PartBuffer | undefined
  #partCount = 0

  /** Throws UploadError where the key or an option is not acceptable. */
  constructor(host: UploadHost, key: string, options: UploadOptions, observer: UploadObserver) {
    this.key = key
    this.#host = host
    this.#sendOptions = checkUploadOptions(options, host.driver.limits)
    host.driver.check(key, options)
    this.#plan = new PartPlan({ ...this.#sendOptions, maxMemory: host.pool.maxMemory }, host.driver.limits)
    this.#transfer = new Transfer(host, key, copyOfObjectOptions(options), this.#sendOptions.concurrency, observer)
  }

  get uploadId(): string | undefined {
    return this.#transfer.uploadId
  }

  get result(): UploadResult | undefined {
    return this.#transfer.result
  }

  get progress(): UploadProgress {
    return this.#transfer.meter.snapshot(this.#transfer.partsProgress, this.#sendOptions.expectedSize)
  }

  /**
   * Takes all of `chunk`, which the caller may change afterwards. Nothing is answered where that was possible at once,
   * else a promise. Not to be called again before it has settled.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#transfer.throwIfFailed()
    this.#transfer.meter.receive(chunk.length)
    const taken = chunk.length <= SLICE ? this.#take(chunk, 0, chunk.length) : 0
    return taken === chunk.length && !this.#mustCut ? undefined : this.#takeInTurns(chunk, taken)
  }

  /** Publishes what was written. Throws UploadError. */
  async finish(): Promise<UploadResult> {
    this.#transfer.throwIfFailed()
    this.#transfer.meter.end()
    if (this.#partCount === 0) {
      const buffer = this.#filling
      this.#filling = undefined
      return this.#transfer.put(buffer)
    }
    if (this.#filling !== undefined && this.#filling.length > 0) {
      await this.#transfer.room()
      this.#transfer.throwIfFailed()
      this.#cut()
    }
    return this.#transfer.complete(this.#partCount, this.#transfer.meter.received)
  }

  /** Gives up, for the reason of `error`; resolves when nothing is in flight and nothing is left behind. */
  async abort(error: Error): Promise<void> {
    const settled = this.#transfer.abort(error)
    if (this.#filling !== undefined) this.#host.pool.release(this.#filling)
    this.#filling = undefined
    await settled
  }

  /** Copies what fits without waiting; answers where it stopped. */
  #take(chunk: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (this.#isFull && !this.#tryCut()) break
      this.#filling ??= this.#host.pool.tryAcquire(this.#nextSize)
      if (this.#filling === undefined) break
      at += this.#filling.append(chunk, at, end)
    }
    if (this.#mustCut) this.#tryCut()
    return at
  }

  async #takeInTurns(chunk: Uint8Array, start: number): Promise<void> {
    let at = start
    for (;;) {
      at = this.#take(chunk, at, Math.min(at + SLICE, chunk.length))
      if (at === chunk.length && !this.#mustCut) return
      if (this.#isFull && !this.#transfer.hasRoom) await this.#transfer.meter.blocked(this.#transfer.room())
      else if (this.#filling === undefined) await this.#waitForBuffer()
      else await nextTurn()
      this.#transfer.throwIfFailed()
    }
  }

  async #waitForBuffer(): Promise<void> {
    const { pool } = this.#host
    const { meter, cancelled } = this.#transfer
    const buffer = await meter.blocked(pool.acquire(this.#nextSize, cancelled))
    // Between being served and getting here the upload may have been given up: nobody else would return the buffer.
    if (this.#transfer.hasFailed) pool.release(buffer)
    else this.#filling = buffer
  }

  get #nextSize(): number {
    return this.#plan.sizeOf(this.#partCount + 1)
  }

  get #isFull(): boolean {
    return this.#filling !== undefined && this.#filling.length === this.#filling.capacity
  }

  /** The first part is kept until more comes: it may be all there is. */
  get #mustCut(): boolean {
    return this.#isFull && this.#partCount > 0
  }

  #tryCut(): boolean {
    if (!this.#transfer.hasRoom) return false
    this.#cut()
    return true
  }

  /** The buffer being filled becomes a part in flight. There must be room for it. */
  #cut(): void {
    const buffer = this.#filling
    if (buffer === undefined) return
    this.#filling = undefined
    this.#partCount += 1
    this.#transfer.send(this.#partCount, buffer)
  }
}
