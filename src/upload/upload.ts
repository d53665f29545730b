/**
 * Bytes become parts: each chunk is copied into the part buffer being filled, full buffers go to the store. It knows
 * nothing of streams; a stream writes to it, one chunk at a time.
 *
 * Invariants: at most `concurrency + 1` buffers are held (those in flight and the one being filled); part numbers are
 * given out in the order of the bytes; nothing is sent before it is known that there is more than one part, unless
 * the store's memory is at a standstill.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { KiB } from '../shared/byte-size.js'
import { UploadError } from '../shared/errors.js'
import { copyOfObjectOptions } from '../stores/object/object-options.js'
import { unbrokenParts } from './checkpoint/part-proof.js'
import { Filling, type FillingOwner } from './filling.js'
import { endInspection, type Inspector } from './inspection.js'
import { PartPlan } from './part-plan.js'
import type { UploadProgress } from './progress.js'
import { mustBeAll, mustNotBeDetached, mustNotExceed, transferred } from './received-bytes.js'
import { Transfer } from './transfer.js'
import type { UploadHost, UploadObserver } from './upload-observer.js'
import { checkUploadOptions, type SendOptions, type UploadOptions } from './upload-options.js'
import type { UploadResult } from './upload-result.js'

/** What is copied and checksummed before other work gets a turn. */
const SLICE = 64 * KiB

export class Upload {
  readonly key: string
  readonly #sendOptions: SendOptions
  readonly #plan: PartPlan
  readonly #transfer: Transfer
  readonly #filling: Filling
  readonly #inspector: Inspector | undefined
  #partCount = 0
  /** Where the bytes written here begin in the object; undefined while that is not known. */
  #start: number | undefined
  #takingOver: Promise<number> | undefined

  /** Throws UploadError where the key or an option is not acceptable. */
  constructor(host: UploadHost, key: string, options: UploadOptions, observer: UploadObserver) {
    this.key = key
    this.#sendOptions = checkUploadOptions(options, host.driver.limits)
    host.driver.check(key, options)
    const { concurrency, partGrowth, checkpoint, inspect } = this.#sendOptions
    this.#inspector = inspect
    // Who takes up a checkpoint knows where a part begins by the planned sizes.
    const shortParts = partGrowth && checkpoint === undefined
    const planOptions = { ...this.#sendOptions, shortParts, maxMemory: host.pool.maxMemory }
    this.#plan = new PartPlan(planOptions, host.driver.limits)
    const objectOptions = copyOfObjectOptions(options)
    const partSize = this.#plan.sizeOf(1)
    this.#transfer = new Transfer(host, key, { objectOptions, concurrency, partSize, checkpoint }, observer)
    this.#filling = new Filling(host.pool, this.#fillingOwner())
  }

  get uploadId(): string | undefined {
    return this.#transfer.uploadId
  }

  get result(): UploadResult | undefined {
    return this.#transfer.result
  }

  /** Aborted, with the error, when the upload fails or is aborted. */
  get cancelled(): AbortSignal {
    return this.#transfer.cancelled
  }

  get progress(): UploadProgress {
    return this.#transfer.meter.snapshot(this.#transfer.partsProgress, this.#sendOptions.expectedSize)
  }

  /** How many bytes need not be written because the store has them; 0 unless `resume` is `'offset'`. Throws UploadError. */
  async resumeFrom(): Promise<number> {
    if (this.#sendOptions.resume === 'replay') return 0
    this.#takingOver ??= this.#takeOver()
    return this.#takingOver
  }

  /**
   * Takes all of `chunk`, which the caller may change afterwards. Nothing is answered where that was possible at once,
   * else a promise. Not to be called again before it has settled.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#begin()
    if (chunk.length === 0) mustNotBeDetached(chunk)
    this.#receive(chunk.length)
    const taken = chunk.length <= SLICE ? this.#take(chunk, 0, chunk.length) : 0
    return taken === chunk.length && !this.#mustCut ? undefined : this.#takeInTurns(chunk, taken)
  }

  /**
   * Lends the memory for the next bytes to a reader, which writes to its front and calls `accept`. Returns undefined when
   * there is none now: the reader then reads into memory of its own and calls `write`. Throws UploadError.
   */
  lend(): Uint8Array | undefined {
    this.#begin()
    // A first part that is full may be all there is: only a byte beyond it shows that there is a second.
    if (this.#filling.isFull && (this.#partCount === 0 || !this.#tryCut())) return undefined
    return this.#filling.lend()
  }

  /**
   * Takes back the memory lent, with `length` bytes in its front; also after a failure, when they no longer matter. The
   * reader must not write to it afterwards. Throws what `inspect` throws.
   */
  accept(length: number): void {
    const look = this.#inspector === undefined ? undefined : (bytes: Uint8Array) => this.#inspector?.bytes(bytes)
    if (!this.#filling.takeBack(length, look)) return
    if (length > 0) this.#receive(length)
    if (this.#mustCut && !this.#tryCut()) void this.#cutWhenThereIsRoom()
  }

  /** Publishes what was written. Throws UploadError. */
  async finish(): Promise<UploadResult> {
    this.#begin()
    this.#transfer.meter.end()
    mustBeAll(this.#length, this.#sendOptions)
    if (this.#inspector !== undefined) await endInspection(this.#inspector, this.#transfer.cancelled)
    // Memory was made ready for bytes that did not come.
    if (this.#filling.length === 0) this.#filling.drop()
    if (this.#partCount === 0) return this.#transfer.put(this.#filling.take())
    if (this.#filling.length > 0) {
      await this.#transfer.room()
      this.#transfer.throwIfFailed()
      this.#cut()
    }
    return this.#transfer.complete(this.#partCount, this.#length)
  }

  /** Gives up, for the reason of `error`; resolves when nothing is in flight and nothing is left behind. */
  async abort(error: Error): Promise<void> {
    const settled = this.#transfer.abort(error)
    this.#filling.drop()
    await settled
  }

  /** Bytes of the object so far. */
  get #length(): number {
    return (this.#start ?? 0) + this.#transfer.meter.received
  }

  /** Throws UploadError where these bytes are more than may come. */
  #receive(bytes: number): void {
    this.#transfer.meter.receive(bytes)
    mustNotExceed(this.#length, this.#sendOptions)
  }

  async #takeOver(): Promise<number> {
    const { parts: taken } = await this.#transfer.takeOver((parts) =>
      unbrokenParts(parts, (partNumber) => this.#plan.sizeOf(partNumber)),
    )
    const { count, bytes } = taken
    this.#partCount = count
    this.#start = bytes
    return bytes
  }

  /** Throws where the upload has failed, or the caller cannot know yet which bytes to write. */
  #begin(): void {
    this.#transfer.throwIfFailed()
    if (this.#start !== undefined) return
    if (this.#sendOptions.resume === 'offset') {
      throw new UploadError('INVALID_OPTION', `resume is 'offset': wait for resumeFrom before anything is written`)
    }
    this.#start = 0
    this.#transfer.open()
  }

  /** Copies what fits without waiting; answers where it stopped. */
  #take(chunk: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (this.#filling.isFull && !this.#tryCut()) break
      const taken = this.#filling.append(chunk, at, end)
      if (taken === 0) break
      this.#inspector?.bytes(chunk.subarray(at, at + taken))
      at += taken
    }
    if (this.#mustCut) this.#tryCut()
    return at
  }

  async #takeInTurns(chunk: Uint8Array, start: number): Promise<void> {
    const { length } = chunk
    let at = start
    for (;;) {
      if (chunk.length !== length) throw transferred()
      at = this.#take(chunk, at, Math.min(at + SLICE, length))
      if (at === length && !this.#mustCut) return
      const { meter, cancelled } = this.#transfer
      if (this.#filling.isFull && !this.#transfer.hasRoom) await meter.blocked(this.#transfer.room())
      else if (this.#filling.needsMemory) await meter.blocked(this.#filling.wait(cancelled))
      else await nextTurn()
      this.#transfer.throwIfFailed()
    }
  }

  /** The first part is kept until more comes: it may be all there is. */
  get #mustCut(): boolean {
    return this.#partCount > 0 && this.#filling.isFull
  }

  /** A reader may read nothing more for long, and the full part must not wait for its next byte. */
  async #cutWhenThereIsRoom(): Promise<void> {
    await this.#transfer.room()
    if (this.#mustCut && !this.#transfer.hasFailed) this.#tryCut()
  }

  #tryCut(): boolean {
    if (!this.#transfer.hasRoom) return false
    this.#cut()
    return true
  }

  /** The buffer being filled becomes a part in flight. There must be room for it. */
  #cut(): void {
    const buffer = this.#filling.take()
    if (buffer === undefined) return
    this.#partCount += 1
    this.#transfer.send(this.#partCount, buffer)
  }

  #fillingOwner(): FillingOwner {
    return {
      nextPart: () => this.#plan.part(this.#partCount + 1),
      mayCut: () => this.#transfer.hasRoom && !this.#transfer.hasFailed,
      cut: () => this.#cut(),
    }
  }
}
