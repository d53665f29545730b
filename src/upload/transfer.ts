/**
 * One object on its way to the store: parts go in, a published and verified object comes out, or nothing is left
 * behind. It knows nothing of where the bytes come from.
 *
 * Invariants: at most `concurrency` parts are in flight; a buffer that was handed over goes back to the pool when its
 * part has settled; nothing is published after a failure; the first failure wins.
 */
import { setMaxListeners } from 'node:events'
import type { PartBuffer } from '../checksum/crc64.js'
import { formatCrc64 } from '../checksum/decimal.js'
import { attachLeftover, toError, UploadError } from '../shared/errors.js'
import { ObjectBody } from '../stores/object-body.js'
import type { ObjectOptions } from '../stores/object-options.js'
import type { CallContext, RetryNotice, StoreDriver, StoredObject } from '../stores/store-driver.js'
import type { BufferPool } from './buffer-pool.js'
import { PartsLedger } from './parts-ledger.js'
import { ProgressMeter } from './progress.js'
import { completeVerified, putVerified } from './publish.js'
import { Scheduler } from './scheduler.js'
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
  /** A promise is waited for. */
  part(part: UploadedPart): void | Promise<void>
  retry(retry: RetryNotice): void
  /** Called once, when something fails while nobody waits for a write or for the end. */
  failed(error: Error): void
}

/**
 * - `idle`: nothing was sent.
 * - `multipart`: the multipart upload was begun; `uploadId` is set once the service has told it.
 * - `done`: published and verified.
 * - `failed`: `settled` resolves when nothing is in flight any more and the multipart upload was aborted.
 */
type State =
  | { name: 'idle' }
  | Multipart
  | { name: 'done'; result: UploadResult }
  | { name: 'failed'; error: Error; multipart: Multipart | undefined; settled: Promise<void> }

interface Multipart {
  name: 'multipart'
  initiated: Promise<string>
  uploadId?: string
  ledger: PartsLedger
}

/** What was published, with what was known of it before. */
interface Published {
  stored: StoredObject
  size: number
  crc64: bigint
  parts: number
}

/** An upload that begins as its end comes is waited for: only its id allows to abort it. */
const INITIATE_GRACE_MS = 5_000

const CLEAN_UP_MS = 60_000

export class Transfer {
  readonly key: string
  readonly meter: ProgressMeter = new ProgressMeter()
  readonly #host: UploadHost
  readonly #observer: UploadObserver
  readonly #objectOptions: ObjectOptions
  readonly #scheduler: Scheduler
  /** Ends requests and waiting; what initiates an upload ends a little later. */
  readonly #cancel = new AbortController()
  readonly #cancelInitiate = new AbortController()
  readonly #gaveUp = new Promise<void>((resolve) => {
    this.#cancel.signal.addEventListener('abort', () => resolve(), { once: true })
  })
  #state: State = { name: 'idle' }
  #partsHandedOver = 0
  #unknownUploads = 0
  #mayBePublished = false

  /** The options must be checked, and nobody else's to change. */
  constructor(
    host: UploadHost,
    key: string,
    objectOptions: ObjectOptions,
    concurrency: number,
    observer: UploadObserver,
  ) {
    this.key = key
    this.#host = host
    this.#objectOptions = objectOptions
    this.#scheduler = new Scheduler(concurrency)
    this.#observer = observer
    // Every part in flight listens to it: that is no leak.
    setMaxListeners(0, this.#cancel.signal)
  }

  get uploadId(): string | undefined {
    return this.#state.name === 'done' ? this.#state.result.uploadId : this.#multipart?.uploadId
  }

  get result(): UploadResult | undefined {
    return this.#state.name === 'done' ? this.#state.result : undefined
  }

  get hasFailed(): boolean {
    return this.#state.name === 'failed'
  }

  /** Aborted, with the error, when the transfer fails or is given up: for what waits on its behalf. */
  get cancelled(): AbortSignal {
    return this.#cancel.signal
  }

  get partsProgress(): { acknowledged: number; partsDone: number; partsInFlight: number } {
    if (this.#state.name === 'done') {
      const { size, parts } = this.#state.result
      return { acknowledged: size, partsDone: parts, partsInFlight: 0 }
    }
    const partsInFlight = this.#scheduler.running
    const ledger = this.#multipart?.ledger
    if (ledger === undefined) return { acknowledged: 0, partsDone: 0, partsInFlight }
    // What runs beside the parts is the publication.
    const left = this.#partsHandedOver - ledger.count
    return { acknowledged: ledger.bytes, partsDone: ledger.count, partsInFlight: Math.min(partsInFlight, left) }
  }

  get hasRoom(): boolean {
    return this.#scheduler.hasRoom
  }

  /** Resolves when a part may be sent; for one caller at a time. */
  async room(): Promise<void> {
    await this.#scheduler.room()
  }

  throwIfFailed(): void {
    if (this.#state.name === 'failed') throw this.#state.error
  }

  /**
   * Sends a part, which must find room, as soon as it is there; its buffer is not the caller's any more. The first one
   * begins the upload.
   */
  send(partNumber: number, part: PartBuffer | Promise<PartBuffer>): void {
    const multipart = this.#begin()
    this.#partsHandedOver += 1
    this.#scheduler.run(async () => {
      let buffer: PartBuffer | undefined
      try {
        buffer = await part
        await this.#sendPart(multipart, partNumber, buffer)
      } catch (error) {
        this.#fail(toError(error))
      } finally {
        if (buffer !== undefined) this.#host.pool.release(buffer)
      }
    })
  }

  /** Publishes the parts 1 to `parts` of `size` bytes in all, once they are acknowledged. Throws UploadError. */
  async complete(parts: number, size: number): Promise<UploadResult> {
    return this.#finish(async () => {
      await this.#scheduler.idle()
      this.throwIfFailed()
      const { ledger, initiated } = this.#begin()
      const uploadId = await initiated
      const whole = ledger.finish(parts, size)
      const stored = await this.#publish(() =>
        completeVerified(
          this.#host.driver,
          { key: this.key, uploadId },
          whole.parts,
          { size, crc64: whole.crc64 },
          this.#objectOptions,
          // The list of parts is no part of the object.
          { ...this.#context(), onSent: undefined },
        ),
      )
      return { stored, size, crc64: whole.crc64, parts }
    })
  }

  /** Publishes an object that fits in one part, and returns its buffer to the pool. Throws UploadError. */
  async put(buffer: PartBuffer | undefined): Promise<UploadResult> {
    return this.#finish(async () => {
      const { driver, pool } = this.#host
      const body = new ObjectBody(buffer?.bytes ?? new Uint8Array(0), buffer?.digest() ?? 0n)
      const size = body.bytes.length
      const stored = await this.#publish(async () => {
        try {
          return await putVerified(driver, this.key, body, this.#objectOptions, this.#context())
        } finally {
          if (buffer !== undefined) pool.release(buffer)
        }
      })
      return { stored, size, crc64: body.crc64, parts: 1 }
    })
  }

  /** Gives up, for the reason of `error`; resolves when nothing is in flight and nothing is left behind. */
  abort(error: Error): Promise<void> {
    const before = this.#state
    if (before.name === 'done') return Promise.resolve()
    if (before.name === 'failed') return before.settled
    this.meter.stop()
    this.#cancel.abort(error)
    const multipart = this.#multipart
    const settled = this.#cleanUp(multipart, error)
    this.#state = { name: 'failed', error, multipart, settled }
    return settled
  }

  get #multipart(): Multipart | undefined {
    const state = this.#state
    return state.name === 'failed' ? state.multipart : state.name === 'multipart' ? state : undefined
  }

  async #sendPart(multipart: Multipart, partNumber: number, buffer: PartBuffer): Promise<void> {
    const uploadId = await multipart.initiated
    this.throwIfFailed()
    const size = buffer.length
    const crc64 = buffer.digest()
    const receipt = await this.#host.driver.uploadPart(
      { key: this.key, uploadId, partNumber, body: new ObjectBody(buffer.bytes, crc64) },
      this.#objectOptions,
      this.#context(),
    )
    multipart.ledger.record(partNumber, { ...receipt, size, crc64 })
    const told = this.#observer.part({ partNumber, size, etag: receipt.etag, crc64: formatCrc64(crc64) })
    // What whoever is told takes for ever over is no reason not to clean up.
    if (told !== undefined) await Promise.race([told, this.#gaveUp])
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
    this.throwIfFailed()
    return this.#host.driver.initiateMultipartUpload(this.key, this.#objectOptions, {
      ...this.#context(),
      signal: this.#cancelInitiate.signal,
      retrySignal: this.#cancel.signal,
      onOutcomeUnknown: () => {
        this.#unknownUploads += 1
      },
    })
  }

  async #finish(publish: () => Promise<Published>): Promise<UploadResult> {
    this.throwIfFailed()
    const published = await publish().catch((error: unknown) => {
      this.throwIfFailed()
      throw error
    })
    // Whoever gave up while the last answer was on its way was told so already.
    this.throwIfFailed()
    const result = this.#resultOf(published)
    this.#state = { name: 'done', result }
    this.meter.stop()
    return result
  }

  #resultOf({ stored, size, crc64, parts }: Published): UploadResult {
    const { uploadId } = this
    const { driver } = this.#host
    return {
      provider: driver.provider,
      bucket: driver.bucket,
      key: this.key,
      size,
      etag: stored.etag,
      crc64: formatCrc64(crc64),
      ...(stored.checksum === undefined ? {} : { checksum: stored.checksum }),
      ...(stored.versionId === undefined ? {} : { versionId: stored.versionId }),
      location: driver.locationOf(this.key),
      parts,
      ...(uploadId === undefined ? {} : { uploadId }),
      requestId: stored.requestId,
      ...(stored.callback === undefined ? {} : { callback: stored.callback }),
      ...(this.#unknownUploads === 0 ? {} : { unknownUploads: this.#unknownUploads }),
    }
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
        this.meter.sent += bytes
      },
      onRetry: (retry) => {
        this.meter.retries += 1
        this.#observer.retry(retry)
      },
    }
  }

  #fail(error: Error): void {
    if (this.#state.name === 'failed' || this.#state.name === 'done') return
    void this.abort(error)
    this.#observer.failed(error)
  }

  async #cleanUp(multipart: Multipart | undefined, error: Error): Promise<void> {
    const grace = setTimeout(() => this.#cancelInitiate.abort(error), INITIATE_GRACE_MS)
    await this.#scheduler.idle()
    await multipart?.initiated.catch(() => undefined)
    clearTimeout(grace)
    if (this.#unknownUploads > 0) attachLeftover(error, { unknownUploads: this.#unknownUploads })
    // Given up while it was being published: only a look at the object tells.
    if (this.#mayBePublished) attachLeftover(error, { outcomeUnknown: true })
    const uploadId = multipart?.uploadId
    if (uploadId === undefined) return
    try {
      await this.#host.driver.abortMultipartUpload({ key: this.key, uploadId }, { retryTotalMs: CLEAN_UP_MS })
    } catch (cleanupError) {
      attachLeftover(error, { uploadId, cleanupError: toError(cleanupError) })
    }
  }
}
