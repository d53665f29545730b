/**
 * Transfers one object to the store: takes parts, and publishes and verifies the object, or cleans up. It does not depend on
 * the source of the bytes.
 *
 * Invariants: at most `concurrency` parts are in flight; a buffer is released when its part has settled; nothing is
 * published after a failure; the first failure wins.
 */
import { setMaxListeners } from 'node:events'
import type { PartBuffer } from '../checksum/crc64.js'
import { attachLeftover, toError } from '../shared/errors.js'
import { ObjectBody } from '../stores/object/object-body.js'
import type { ObjectOptions } from '../stores/object/object-options.js'
import type { CallContext, OutageObserver } from '../stores/store-driver.js'
import { Checkpoint, type Resumable } from './checkpoint/checkpoint.js'
import type { StoredPart } from './checkpoint/part-proof.js'
import { type Concurrency, concurrencyOf } from '../flow/concurrency.js'
import { MultipartUpload, type PartsChoice } from './multipart-upload.js'
import { PartSender } from './parts/part-sender.js'
import { PartsLedger, type PartsTaken } from './parts/parts-ledger.js'
import { ProgressMeter, type UploadProgress } from './progress.js'
import { completeVerified, putVerified } from './publish/publish.js'
import { Scheduler } from '../flow/scheduler.js'
import { PublishingRequest } from './publish/publishing-request.js'
import { type PublishedObject, toResult } from './publish/published-object.js'
import { resumedUpload, type UploadHost, type UploadObserver } from './upload-observer.js'
import type { TransferPlan } from './transfer-plan.js'
import { countParts, type Multipart, multipartOf, type TransferState } from './transfer-state.js'
import type { UploadResult } from './upload-result.js'
import { traceUpload, type TracedUpload } from './upload-trace.js'

export class Transfer {
  readonly key: string
  readonly meter: ProgressMeter = new ProgressMeter()
  readonly #host: UploadHost
  readonly #observer: UploadObserver
  readonly #objectOptions: ObjectOptions
  readonly #concurrency: Concurrency
  readonly #scheduler: Scheduler
  readonly #traced: TracedUpload | undefined
  /** Ends requests and waiting. An initiation in flight gets a little more time. */
  readonly #cancel = new AbortController()
  readonly #upload: MultipartUpload
  readonly #checkpoint: Checkpoint | undefined
  readonly #sender: PartSender
  #state: TransferState = { name: 'idle' }
  #partsHandedOver = 0
  readonly #publishing = new PublishingRequest()
  readonly #outageObserver: OutageObserver = {
    away: (notice) => {
      this.meter.away = notice
      this.#tell(() => this.#observer.away?.(notice))
    },
    back: (notice) => {
      this.meter.away = undefined
      this.#tell(() => this.#observer.back?.(notice))
    },
  }

  constructor(host: UploadHost, key: string, plan: TransferPlan, observer: UploadObserver) {
    const { objectOptions: options, concurrency, partSize, checkpoint, file } = plan
    const { driver } = host
    this.key = key
    this.#host = host
    this.#objectOptions = options
    this.#concurrency = concurrencyOf(concurrency, {
      partSize,
      maxMemory: host.pool.maxMemory,
      expectsDelays: options.trafficLimit !== undefined,
    })
    this.#scheduler = new Scheduler(this.#concurrency)
    this.#observer = observer
    if (checkpoint !== undefined) {
      this.#checkpoint = new Checkpoint(checkpoint, { driver, key, options, partSize, file }, observer)
    }
    const shared = { driver, objectOptions: options, checkpoint: this.#checkpoint, context: () => this.#context() }
    this.#upload = new MultipartUpload({ ...shared, key })
    this.#sender = new PartSender({
      ...shared,
      concurrency: this.#concurrency,
      meter: this.meter,
      observer,
      cancelled: this.cancelled,
    })
    this.#traced = traceUpload(driver.provider, driver.bucket, key)
  }

  get uploadId(): string | undefined {
    return this.#state.name === 'done' ? this.#state.result.uploadId : this.#upload.uploadId
  }

  get result(): UploadResult | undefined {
    return this.#state.name === 'done' ? this.#state.result : undefined
  }

  get hasFailed(): boolean {
    return this.#state.name === 'failed'
  }

  /** Aborted with the error when the transfer fails or is aborted. */
  get cancelled(): AbortSignal {
    return this.#cancel.signal
  }

  get partsProgress(): Pick<UploadProgress, 'acknowledged' | 'partsDone' | 'partsInFlight' | 'concurrency'> {
    const counted = countParts(this.#state, this.#scheduler.running, this.#partsHandedOver)
    return { ...counted, concurrency: this.#concurrency.limit }
  }

  get hasRoom(): boolean {
    return this.#scheduler.hasRoom
  }

  /** Resolves when a part may be sent. For one caller at a time. */
  async room(): Promise<void> {
    await this.#scheduler.room()
  }

  throwIfFailed(): void {
    if (this.#state.name === 'failed') throw this.#state.error
  }

  /** Starts to look for the upload of a previous run. */
  open(): void {
    if (this.#checkpoint !== undefined) this.#upload.open().catch((error: unknown) => this.#fail(toError(error)))
  }

  /**
   * Resumes the chosen parts of a previous run without comparing their bytes. `published` is the object that the previous
   * run's upload became, if it did. Must be called before any part is sent. Throws UploadError.
   */
  async takeOver(choose: PartsChoice): Promise<{ parts: PartsTaken; published?: PublishedObject }> {
    this.open()
    const taken = await this.#upload.takeOver(choose)
    this.throwIfFailed()
    if (taken.kind === 'published') return { parts: new PartsLedger(), published: taken.published }
    const { upload, ledger } = taken
    if (upload !== undefined) this.#resume(upload, ledger)
    return { parts: ledger }
  }

  #resume(upload: Resumable, ledger: PartsLedger): void {
    this.#enter({ name: 'multipart', initiated: Promise.resolve(upload.uploadId), ledger })
    this.#partsHandedOver = ledger.count
    this.meter.resume(ledger.count, ledger.bytes)
    try {
      this.#observer.resumed?.(resumedUpload(upload))
    } catch (error) {
      this.#fail(toError(error))
      throw error
    }
  }

  /** Ends the transfer with an object that a previous run published. Throws UploadError if the transfer has failed. */
  async conclude(published: PublishedObject): Promise<UploadResult> {
    this.meter.resume(published.parts, published.size)
    return this.#finish(() => Promise.resolve(published))
  }

  /**
   * Sends a part as soon as it is filled. There must be room for it (see `room`). Takes ownership of its buffer. The first part
   * starts the multipart upload. Must be called in the order of part numbers.
   */
  send(partNumber: number, part: PartBuffer | Promise<PartBuffer>): void {
    const body = Promise.resolve(part).then((buffer) => new ObjectBody(buffer.segments, buffer.digest()))
    // The task that awaits the part gets the error.
    body.catch(() => undefined)
    const multipart = this.#begin(body)
    const match = this.#checkpoint?.match(partNumber, body, multipart.initiated)
    this.#partsHandedOver += 1
    this.#scheduler.run(async () => {
      let buffer: PartBuffer | undefined
      try {
        buffer = await part
        await this.#sendPart(multipart, partNumber, await body, match)
      } catch (error) {
        this.#fail(toError(error))
      } finally {
        if (buffer !== undefined) this.#host.pool.release(buffer)
      }
    })
  }

  /** Publishes the parts 1 to `parts`, of `size` bytes in total, once they are acknowledged. Throws UploadError. */
  async complete(parts: number, size: number): Promise<UploadResult> {
    return this.#finish(async () => {
      await this.#scheduler.idle()
      this.throwIfFailed()
      const multipart = multipartOf(this.#state)
      if (multipart === undefined) throw new Error('there are no parts to complete')
      const { ledger, initiated } = multipart
      const uploadId = await initiated
      this.#checkpoint?.completing(parts)
      const whole = ledger.finish(parts, size)
      const stored = await this.#publishing.run(this.#scheduler, () =>
        completeVerified(
          this.#host.driver,
          { key: this.key, uploadId },
          whole.parts,
          { size, crc64: whole.crc64 },
          this.#objectOptions,
          // The list of parts does not belong to the object.
          { ...this.#context(), onSent: undefined },
        ),
      )
      return { stored, size, crc64: whole.crc64, parts }
    })
  }

  /** Publishes an object that fits in one part, and returns its buffer to the pool. Throws UploadError. */
  async put(buffer: PartBuffer | undefined): Promise<UploadResult> {
    const { driver, pool } = this.#host
    try {
      return await this.#finish(async () => {
        const body = new ObjectBody(buffer?.segments ?? [], buffer?.digest() ?? 0n)
        if ((await this.#upload.open()).kind === 'resumable')
          await this.#upload.restart('all of it fits in one part now')
        const stored = await this.#publishing.run(this.#scheduler, () =>
          putVerified(driver, this.key, body, this.#objectOptions, this.#context()),
        )
        return { stored, size: body.size, crc64: body.crc64, parts: 1 }
      })
    } finally {
      if (buffer !== undefined) pool.release(buffer)
    }
  }

  /** Aborts the transfer with this error. Resolves when nothing is in flight and the upload is cleaned up. */
  abort(error: Error): Promise<void> {
    const before = this.#state
    if (before.name === 'done') return Promise.resolve()
    if (before.name === 'failed') return before.settled
    this.meter.stop()
    this.#cancel.abort(error)
    const multipart = multipartOf(before)
    const settled = this.#cleanUp(multipart, error).finally(() => this.#traced?.failed(error, this.uploadId))
    this.#state = { name: 'failed', error, multipart, settled }
    return settled
  }

  async #sendPart(
    multipart: Multipart,
    partNumber: number,
    body: ObjectBody,
    match: Promise<StoredPart | undefined> | undefined,
  ): Promise<void> {
    const uploadId = await multipart.initiated
    const stored = match === undefined ? undefined : await match
    this.throwIfFailed()
    const part = { upload: { key: this.key, uploadId }, partNumber, body, stored }
    await this.#sender.send(part, multipart.ledger)
  }

  /** Starts the multipart upload with the first part, or resumes that of a previous run. */
  #begin(first: Promise<ObjectBody>): Multipart {
    if (this.#state.name === 'multipart') return this.#state
    const multipart: Multipart = {
      name: 'multipart',
      ledger: new PartsLedger(),
      // Deferred to its own microtask, because a callback may abort the upload synchronously.
      initiated: Promise.resolve().then(() => this.#initiate(first)),
    }
    // One more than parts in flight, as a connection is only ready for the next request a moment after its response.
    this.#host.driver.prepareConnections(this.#concurrency.limit + 1)
    // Each part awaits it, and fails with it.
    multipart.initiated.catch(() => undefined)
    this.#enter(multipart)
    return multipart
  }

  #enter(multipart: Multipart): void {
    // Every part in flight listens to it, which is no leak.
    setMaxListeners(0, this.#cancel.signal)
    this.#state = multipart
  }

  async #initiate(first: Promise<ObjectBody>): Promise<string> {
    this.throwIfFailed()
    // Without a checkpoint there is nothing to compare.
    const earlier = this.#checkpoint === undefined ? undefined : await this.#upload.resume(first)
    this.throwIfFailed()
    if (earlier !== undefined) {
      this.#observer.resumed?.(resumedUpload(earlier))
      return earlier.uploadId
    }
    const uploadId = await this.#upload.initiate()
    this.#observer.initiated(uploadId)
    return uploadId
  }

  async #finish(publish: () => Promise<PublishedObject>): Promise<UploadResult> {
    this.throwIfFailed()
    const published = await publish().catch((error: unknown) => {
      this.throwIfFailed()
      throw error
    })
    // The caller aborted while the last response was in flight, and has already been notified.
    this.throwIfFailed()
    await this.#checkpoint?.remove()
    this.throwIfFailed()
    const { uploadId } = this
    const { unknownUploads } = this.#upload
    const resumed = { parts: this.meter.resumedParts, bytes: this.meter.resumed }
    const result = toResult(this.#host.driver, this.key, published, { uploadId, resumed, unknownUploads })
    this.#state = { name: 'done', result }
    this.meter.finish()
    this.#traced?.stored(result)
    return result
  }

  #context(): CallContext {
    return {
      upload: this.#traced?.trace,
      signal: this.#cancel.signal,
      onSent: (bytes) => {
        this.meter.sent += bytes
      },
      onRetry: (retry) => {
        this.meter.retries += 1
        this.#observer.retry(retry)
      },
      outageObserver: this.#outageObserver,
      onThrottled: (how) => this.#concurrency[how](),
    }
  }

  /** Calls a listener. If it throws, the transfer fails, not the caller of this method. */
  #tell(listener: () => void): void {
    if (this.hasFailed) return
    try {
      listener()
    } catch (error) {
      this.#fail(toError(error))
    }
  }

  #fail(error: Error): void {
    if (this.#state.name === 'failed' || this.#state.name === 'done') return
    void this.abort(error)
    this.#observer.failed(error)
  }

  async #cleanUp(multipart: Multipart | undefined, error: Error): Promise<void> {
    const settled = this.#scheduler.idle().then(() => multipart?.initiated.catch(() => undefined))
    await this.#upload.abortOrKeep(error, settled)
    // Aborted while the object was being published: only a look at the object decides.
    if (this.#publishing.mayHaveHappened) attachLeftover(error, { outcomeUnknown: true })
  }
}
