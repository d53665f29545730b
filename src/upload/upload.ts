/**
 * Cuts bytes into parts: each chunk is copied into the current part buffer, and full buffers are sent. It does not depend on
 * streams; a stream writes to it, one chunk at a time.
 *
 * Invariants: at most `concurrency + 1` buffers are held (those in flight and the current one); part numbers are assigned in
 * the order of the bytes; nothing is sent before it is known that there is more than one part, unless nothing moves in the
 * memory of the store while others wait for it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { KiB } from '../shared/byte-size.js'
import { UploadError } from '../shared/errors.js'
import { copyOfObjectOptions } from '../stores/object/object-options.js'
import { unbrokenParts } from './checkpoint/part-proof.js'
import { CurrentPart, type PartOwner } from './parts/current-part.js'
import { endInspection, type Inspector } from './inspection.js'
import { PartPlan } from './parts/part-plan.js'
import type { UploadProgress } from './progress.js'
import { mustBeAll, mustNotBeDetached, mustNotExceed, transferred } from './received-bytes.js'
import { Transfer } from './transfer.js'
import type { UploadHost, UploadObserver } from './upload-observer.js'
import { checkUploadOptions, type SendOptions, type UploadOptions } from './upload-options.js'
import type { UploadResult } from './upload-result.js'

/** Bytes to copy and sum before yielding to the event loop. */
const SLICE = 64 * KiB

export class Upload {
  readonly key: string
  readonly #sendOptions: SendOptions
  readonly #plan: PartPlan
  readonly #transfer: Transfer
  readonly #currentPart: CurrentPart
  readonly #inspector: Inspector | undefined
  #partCount = 0
  /** Offset in the object of the bytes written here; undefined while it is not known. */
  #start: number | undefined
  #takingOver: Promise<number> | undefined

  /** Throws UploadError if the key or an option is invalid. */
  constructor(host: UploadHost, key: string, options: UploadOptions, observer: UploadObserver) {
    this.key = key
    this.#sendOptions = checkUploadOptions(options, host.driver.limits)
    const objectOptions = copyOfObjectOptions(options)
    host.driver.check(key, objectOptions)
    const { concurrency, partGrowth, checkpoint, inspect } = this.#sendOptions
    this.#inspector = inspect
    // With a checkpoint, the offset of a part is computed from the planned sizes.
    const shortParts = partGrowth && checkpoint === undefined
    const planOptions = { ...this.#sendOptions, shortParts, maxMemory: host.pool.maxMemory }
    this.#plan = new PartPlan(planOptions, host.driver.limits)
    const partSize = this.#plan.sizeOf(1)
    this.#transfer = new Transfer(host, key, { objectOptions, concurrency, partSize, checkpoint }, observer)
    this.#currentPart = new CurrentPart(host.pool, this.#partOwner())
  }

  get uploadId(): string | undefined {
    return this.#transfer.uploadId
  }

  get result(): UploadResult | undefined {
    return this.#transfer.result
  }

  /** The option `signal`. */
  get signal(): AbortSignal | undefined {
    return this.#sendOptions.signal
  }

  /** Aborted, with the error, when the upload fails or is aborted. */
  get cancelled(): AbortSignal {
    return this.#transfer.cancelled
  }

  get progress(): UploadProgress {
    return this.#transfer.meter.snapshot(this.#transfer.partsProgress, this.#sendOptions.expectedSize)
  }

  /**
   * Resolves with the number of stored bytes, which need not be written; 0 unless `resume` is `'offset'`. Throws
   * UploadError.
   */
  async resumeFrom(): Promise<number> {
    if (this.#sendOptions.resume === 'replay') return 0
    this.#takingOver ??= this.#takeOver()
    return this.#takingOver
  }

  /**
   * Writes all of `chunk`, which the caller may change afterwards. Returns undefined if it was copied at once, else a
   * promise. Must not be called again before that has settled.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#begin()
    if (chunk.length === 0) mustNotBeDetached(chunk)
    this.#receive(chunk.length)
    const taken = chunk.length <= SLICE ? this.#take(chunk, 0, chunk.length) : 0
    return taken === chunk.length && !this.#mustCut ? undefined : this.#takeInTurns(chunk, taken)
  }

  /**
   * Lends the memory for the next bytes to a reader, which writes to its start and calls `accept`. Returns undefined if
   * there is none now: the reader then reads into its own memory and calls `write`. Throws UploadError.
   */
  lend(): Uint8Array | undefined {
    this.#begin()
    // A first part that is full may be all there is: only a byte beyond it shows that there is a second.
    if (this.#currentPart.isFull && (this.#partCount === 0 || !this.#tryCut())) return undefined
    return this.#currentPart.lend()
  }

  /**
   * Takes back the lent memory, with `length` bytes at its start; also after a failure, when they do not matter. The
   * reader must not write to it afterwards. Throws the errors of `inspect`.
   */
  accept(length: number): void {
    const look = this.#inspector === undefined ? undefined : (bytes: Uint8Array) => this.#inspector?.bytes(bytes)
    if (!this.#currentPart.takeBack(length, look)) return
    if (length > 0) this.#receive(length)
    if (this.#mustCut && !this.#tryCut()) void this.#cutWhenThereIsRoom()
  }

  /** Publishes the object. Throws UploadError. */
  async finish(): Promise<UploadResult> {
    this.#begin()
    this.#transfer.meter.end()
    mustBeAll(this.#length, this.#sendOptions)
    if (this.#inspector !== undefined) await endInspection(this.#inspector, this.#transfer.cancelled)
    // Release memory that was prepared for bytes that did not arrive.
    if (this.#currentPart.length === 0) this.#currentPart.drop()
    if (this.#partCount === 0) return this.#transfer.put(this.#currentPart.take())
    if (this.#currentPart.length > 0) {
      await this.#transfer.room()
      this.#transfer.throwIfFailed()
      this.#cut()
    }
    return this.#transfer.complete(this.#partCount, this.#length)
  }

  /** Aborts the upload with this error. Resolves when nothing is in flight and the upload is cleaned up. */
  async abort(error: Error): Promise<void> {
    const settled = this.#transfer.abort(error)
    this.#currentPart.drop()
    await settled
  }

  /** Size in bytes of the object so far. */
  get #length(): number {
    return (this.#start ?? 0) + this.#transfer.meter.received
  }

  /** Throws UploadError if these bytes exceed `size` or `maxSize`. */
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

  /** Throws if the upload has failed, or the caller cannot know yet which bytes to write. */
  #begin(): void {
    this.#transfer.throwIfFailed()
    if (this.#start !== undefined) return
    if (this.#sendOptions.resume === 'offset') {
      throw new UploadError('INVALID_OPTION', `resume is 'offset': wait for resumeFrom before anything is written`)
    }
    this.#start = 0
    this.#transfer.open()
  }

  /** Copies as much as fits without waiting. Returns the offset where it stopped. */
  #take(chunk: Uint8Array, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (this.#currentPart.isFull && !this.#tryCut()) break
      const taken = this.#currentPart.append(chunk, at, end)
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
      if (this.#currentPart.isFull && !this.#transfer.hasRoom) await meter.blocked(this.#transfer.room())
      else if (this.#currentPart.needsMemory) await meter.blocked(this.#currentPart.wait(cancelled))
      else await nextTurn()
      this.#transfer.throwIfFailed()
    }
  }

  /** Whether the part must be sent. The first part is kept until more bytes come, as it may be the whole object. */
  get #mustCut(): boolean {
    return this.#partCount > 0 && this.#currentPart.isFull
  }

  /** Sends a full part when there is room: its reader may pause, and the part must not wait for the next byte. */
  async #cutWhenThereIsRoom(): Promise<void> {
    await this.#transfer.room()
    if (this.#mustCut && !this.#transfer.hasFailed) this.#tryCut()
  }

  #tryCut(): boolean {
    if (!this.#transfer.hasRoom) return false
    this.#cut()
    return true
  }

  /** Sends the current buffer as a part. There must be room for it. */
  #cut(): void {
    const buffer = this.#currentPart.take()
    if (buffer === undefined) return
    this.#partCount += 1
    this.#transfer.send(this.#partCount, buffer)
  }

  #partOwner(): PartOwner {
    return {
      nextPart: () => this.#plan.part(this.#partCount + 1),
      mayCut: () => this.#transfer.hasRoom && !this.#transfer.hasFailed,
      cut: () => this.#cut(),
    }
  }
}
