/**
 * One object on its way: bytes are copied into a part buffer, full buffers go to the store, and at the end the object
 * is published and verified. It knows nothing of streams; a stream writes to it, one chunk at a time.
 *
 * Invariants: at most `concurrency + 1` buffers are held (those in flight and the one being filled); part numbers are
 * given out in the order of the bytes; nothing is published after a failure; the first failure wins.
 */
import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { combineCrc64 } from '../checksum/combine.js'
import type { PartBuffer } from '../checksum/crc64.js'
import { formatCrc64 } from '../checksum/decimal.js'
import { KiB } from '../shared/byte-size.js'
import { attachLeftover, toError, UploadError } from '../shared/errors.js'
import { ObjectBody } from '../stores/object-body.js'
import { OBJECT_OPTION_NAMES, type ObjectOptions } from '../stores/object-options.js'
import type { CallContext, RetryNotice, StoreDriver, StoredObject } from '../stores/store-driver.js'
import type { BufferPool } from './buffer-pool.js'
import { PartPlan } from './part-plan.js'
import { PartsLedger } from './parts-ledger.js'
import { ProgressMeter, type UploadProgress } from './progress.js'
import { completeVerified, putVerified } from './publish.js'
import { Scheduler } from './scheduler.js'
import { checkUploadOptions, type SendOptions, type UploadOptions } from './upload-options.js'
import type { UploadResult } from './upload-result.js'

/** What an upload needs of the store it goes to. */
export interface UploadHost {
  readonly driver: StoreDriver
  readonly pool: BufferPool
}

/** A part that the store acknowledged. */
export interface UploadedPart {
  /** 1-based. */
  partNumber: number
  /** Bytes. */
  size: number
  etag: string
  /** Unsigned decimal number. */
  crc64: string
}

/** Whom an upload tells what happens. What a method throws fails the upload. */
export interface UploadObserver {
  initiated(uploadId: string): void
  part(part: UploadedPart): void
  retry(retry: RetryNotice): void
  /** Called once, when something fails while nobody waits for a write or for the end. */
  failed(error: Error): void
}

/**
 * - `buffering`: all there is fits in one part; nothing was sent.
 * - `multipart`: the multipart upload was begun; `uploadId` is set once the service has told it.
 * - `done`: published and verified.
 * - `failed`: `settled` resolves when nothing is in flight any more and the multipart upload was aborted.
 */
type State =
  | { name: 'buffering' }
  | Multipart
  | { name: 'done'; result: UploadResult }
  | { name: 'failed'; error: Error; multipart: Multipart | undefined; settled: Promise<void> }

interface Multipart {
  name: 'multipart'
  initiated: Promise<string>
  uploadId?: string
  ledger: PartsLedger
}

/** What is copied and checksummed before other work gets a turn. */
const SLICE = 64 * KiB

/** An upload that begins as its end comes is waited for: only its id allows to abort it. */
const INITIATE_GRACE_MS = 5_000

const CLEAN_UP_MS = 60_000

export class Upload {
  readonly key: string
  readonly #host: UploadHost
  readonly #observer: UploadObserver
  readonly #objectOptions: ObjectOptions
  readonly #sendOptions: SendOptions
  readonly #plan: PartPlan
  readonly #scheduler: Scheduler
  readonly #meter = new ProgressMeter()
  /** Ends requests and waiting; what initiates an upload ends a little later. */
  readonly #cancel = new AbortController()
  readonly #cancelInitiate = new AbortController()
  #state: State = { name: 'buffering' }
  #filling: PartBuffer | undefined
  #partCount = 0
  #crc64 = 0n
  #unknownUploads = 0
  #mayBePublished = false

  /** Throws UploadError where the key or an option is not acceptable. */
  constructor(host: UploadHost, key: string, options: UploadOptions, observer: UploadObserver) {
    this.key = key
    this.#host = host
    this.#observer = observer
    this.#sendOptions = checkUploadOptions(options, host.driver.limits)
    host.driver.check(key, options)
    this.#objectOptions = copyOfObjectOptions(options)
    this.#plan = new PartPlan({ ...this.#sendOptions, maxMemory: host.pool.maxMemory }, host.driver.limits)
    this.#scheduler = new Scheduler(this.#sendOptions.concurrency)
    // Every part in flight listens to it: that is no leak.
    setMaxListeners(0, this.#cancel.signal)
  }

  get uploadId(): string | undefined {
    return this.#state.name === 'done' ? this.#state.result.uploadId : this.#multipart?.uploadId
  }

  get result(): UploadResult | undefined {
    return this.#state.name === 'done' ? this.#state.result : undefined
  }

  get progress(): UploadProgress {
    return this.#meter.snapshot(this.#partsProgress, this.#sendOptions.expectedSize)
  }

  get #partsProgress(): Pick<UploadProgress, 'acknowledged' | 'partsDone' | 'partsInFlight'> {
    if (this.#state.name === 'done') {
      const { size, parts } = this.#state.result
      return { acknowledged: size, partsDone: parts, partsInFlight: 0 }
    }
    const partsInFlight = this.#scheduler.running
    const ledger = this.#multipart?.ledger
    if (ledger === undefined) return { acknowledged: 0, partsDone: 0, partsInFlight }
    // What runs beside the parts is the publication.
    const left = this.#partCount - ledger.count
    return { acknowledged: ledger.bytes, partsDone: ledger.count, partsInFlight: Math.min(partsInFlight, left) }
  }

  get #multipart(): Multipart | undefined {
    const state = this.#state
    return state.name === 'failed' ? state.multipart : state.name === 'multipart' ? state : undefined
  }

  /**
   * Takes all of `chunk`, which the caller may change afterwards. Nothing is answered where that was possible at once,
   * else a promise. Not to be called again before it has settled.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#throwIfFailed()
    this.#meter.receive(chunk.length)
    const taken = chunk.length <= SLICE ? this.#take(chunk, 0, chunk.length) : 0
    return taken === chunk.length && !this.#mustCut ? undefined : this.#takeInTurns(chunk, taken)
  }

  /** Publishes what was written. Throws UploadError. */
  async finish(): Promise<UploadResult> {
    this.#throwIfFailed()
    this.#meter.end()
    const publication = this.#state.name === 'buffering' ? this.#put() : this.#complete()
    const stored = await publication.catch((error: unknown) => {
      this.#throwIfFailed()
      throw error
    })
    // Whoever gave up while the last answer was on its way was told so already.
    this.#throwIfFailed()
    const uploadId = this.uploadId
    const { driver } = this.#host
    const result: UploadResult = {
      provider: driver.provider,
      bucket: driver.bucket,
      key: this.key,
      size: this.#meter.received,
      etag: stored.etag,
      crc64: formatCrc64(this.#crc64),
      ...(stored.checksum === undefined ? {} : { checksum: stored.checksum }),
      ...(stored.versionId === undefined ? {} : { versionId: stored.versionId }),
      location: driver.locationOf(this.key),
      parts: Math.max(this.#partCount, 1),
      ...(uploadId === undefined ? {} : { uploadId }),
      requestId: stored.requestId,
      ...(stored.callback === undefined ? {} : { callback: stored.callback }),
      ...(this.#unknownUploads === 0 ? {} : { unknownUploads: this.#unknownUploads }),
    }
    this.#state = { name: 'done', result }
    this.#meter.stop()
    return result
  }

  /** Gives up, for the reason of `error`; resolves when nothing is in flight and nothing is left behind. */
  abort(error: Error): Promise<void> {
    const before = this.#state
    if (before.name === 'done') return Promise.resolve()
    if (before.name === 'failed') return before.settled
    this.#meter.stop()
    this.#cancel.abort(error)
    const multipart = this.#multipart
    const settled = this.#cleanUp(multipart, error)
    this.#state = { name: 'failed', error, multipart, settled }
    return settled
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
      if (this.#isFull && !this.#scheduler.hasRoom) await this.#meter.blocked(this.#scheduler.room())
      else if (this.#filling === undefined) await this.#waitForBuffer()
      else await nextTurn()
      this.#throwIfFailed()
    }
  }

  async #waitForBuffer(): Promise<void> {
    const { pool } = this.#host
    const buffer = await this.#meter.blocked(pool.acquire(this.#nextSize, this.#cancel.signal))
    // Between being served and getting here the upload may have been given up: nobody else would return the buffer.
    if (this.#state.name === 'failed') pool.release(buffer)
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
    if (!this.#scheduler.hasRoom) return false
    this.#cut()
    return true
  }

  /** The buffer being filled becomes a part in flight. There must be room for it. */
  #cut(): void {
    const buffer = this.#filling
    if (buffer === undefined) return
    this.#filling = undefined
    this.#partCount += 1
    const partNumber = this.#partCount
    const crc64 = buffer.digest()
    this.#crc64 = combineCrc64(this.#crc64, crc64, buffer.length)
    this.#run(buffer, (multipart) => this.#sendPart(multipart, partNumber, buffer, crc64))
  }

  #run(buffer: PartBuffer, send: (multipart: Multipart) => Promise<void>): void {
    const multipart = this.#begin()
    this.#scheduler.run(async () => {
      try {
        await send(multipart)
      } catch (error) {
        this.#fail(toError(error))
      } finally {
        this.#host.pool.release(buffer)
      }
    })
  }

  async #sendPart(multipart: Multipart, partNumber: number, buffer: PartBuffer, crc64: bigint): Promise<void> {
    const uploadId = await multipart.initiated
    this.#throwIfFailed()
    const size = buffer.length
    const receipt = await this.#host.driver.uploadPart(
      { key: this.key, uploadId, partNumber, body: new ObjectBody(buffer.bytes, crc64) },
      this.#objectOptions,
      this.#context(),
    )
    multipart.ledger.record(partNumber, size, receipt)
    this.#observer.part({ partNumber, size, etag: receipt.etag, crc64: formatCrc64(crc64) })
  }

  /** Begins the multipart upload with the first part. */
  #begin(): Multipart {
    if (this.#state.name === 'multipart') return this.#state
    const multipart: Multipart = {
      name: 'multipart',
      ledger: new PartsLedger(),
      // In a turn of its own: what is called from here may end this upload at once.
      initiated: Promise.resolve().then(async () => {
        const uploadId = await this.#initiate()
        multipart.uploadId = uploadId
        this.#observer.initiated(uploadId)
        return uploadId
      }),
    }
    // Each part waits for it, and fails with it.
    multipart.initiated.catch(() => undefined)
    this.#state = multipart
    return multipart
  }

  async #initiate(): Promise<string> {
    this.#throwIfFailed()
    return this.#host.driver.initiateMultipartUpload(this.key, this.#objectOptions, {
      ...this.#context(),
      signal: this.#cancelInitiate.signal,
      retrySignal: this.#cancel.signal,
      onOutcomeUnknown: () => {
        this.#unknownUploads += 1
      },
    })
  }

  async #put(): Promise<StoredObject> {
    const { driver, pool } = this.#host
    const buffer = this.#filling
    this.#filling = undefined
    this.#crc64 = buffer?.digest() ?? 0n
    const body = new ObjectBody(buffer?.bytes ?? new Uint8Array(0), this.#crc64)
    return this.#publish(async () => {
      try {
        return await putVerified(driver, this.key, body, this.#objectOptions, this.#context())
      } finally {
        if (buffer !== undefined) pool.release(buffer)
      }
    })
  }

  async #complete(): Promise<StoredObject> {
    if (this.#filling !== undefined && this.#filling.length > 0) {
      await this.#scheduler.room()
      this.#throwIfFailed()
      this.#cut()
    }
    await this.#scheduler.idle()
    this.#throwIfFailed()
    const { ledger, initiated } = this.#begin()
    const uploadId = await initiated
    const size = this.#meter.received
    const parts = ledger.finish(this.#partCount, size)
    const whole = { size, crc64: this.#crc64 }
    return this.#publish(() =>
      completeVerified(
        this.#host.driver,
        { key: this.key, uploadId },
        parts,
        whole,
        this.#objectOptions,
        // The list of parts is no part of the object.
        { ...this.#context(), onSent: undefined },
      ),
    )
  }

  /** As a task of the scheduler: cleaning up waits for it. */
  async #publish(task: () => Promise<StoredObject>): Promise<StoredObject> {
    return new Promise((resolve, reject) => {
      this.#scheduler.run(() =>
        task()
          .then((stored) => {
            this.#mayBePublished = true
            return stored
          })
          .catch((error: unknown) => {
            this.#mayBePublished = error instanceof UploadError && error.outcomeUnknown === true
            throw error
          })
          .then(resolve, reject),
      )
    })
  }

  #context(): CallContext {
    return {
      signal: this.#cancel.signal,
      onSent: (bytes) => {
        this.#meter.sent += bytes
      },
      onRetry: (retry) => {
        this.#meter.retries += 1
        this.#observer.retry(retry)
      },
    }
  }

  #throwIfFailed(): void {
    if (this.#state.name === 'failed') throw this.#state.error
  }

  #fail(error: Error): void {
    if (this.#state.name === 'failed' || this.#state.name === 'done') return
    void this.abort(error)
    this.#observer.failed(error)
  }

  async #cleanUp(multipart: Multipart | undefined, error: Error): Promise<void> {
    const { driver, pool } = this.#host
    const grace = setTimeout(() => this.#cancelInitiate.abort(error), INITIATE_GRACE_MS)
    await this.#scheduler.idle()
    if (this.#filling !== undefined) pool.release(this.#filling)
    this.#filling = undefined
    await multipart?.initiated.catch(() => undefined)
    clearTimeout(grace)
    if (this.#unknownUploads > 0) attachLeftover(error, { unknownUploads: this.#unknownUploads })
    // Given up while it was being published: only a look at the object tells.
    if (this.#mayBePublished) attachLeftover(error, { outcomeUnknown: true })
    const uploadId = multipart?.uploadId
    if (uploadId === undefined) return
    try {
      await driver.abortMultipartUpload({ key: this.key, uploadId }, { retryTotalMs: CLEAN_UP_MS })
    } catch (cleanupError) {
      attachLeftover(error, { uploadId, cleanupError: toError(cleanupError) })
    }
  }
}

/** Options that the caller changes afterwards, for the next upload perhaps, have no effect on this one. */
function copyOfObjectOptions(options: ObjectOptions): ObjectOptions {
  const own = OBJECT_OPTION_NAMES.map((name) => [name, options[name]] as const)
  return structuredClone(Object.fromEntries(own.filter(([, value]) => value !== undefined)))
}
