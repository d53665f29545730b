/**
 * The multipart upload of a transfer: initiates it, or resumes that of a previous run; aborts or keeps it when the transfer
 * fails.
 */
import { attachLeftover, attachResumable, toError } from '../shared/errors.js'
import type { ObjectBody } from '../stores/object/object-body.js'
import type { ObjectOptions } from '../stores/object/object-options.js'
import type { CallContext, StoreDriver } from '../stores/store-driver.js'
import type { Checkpoint, Earlier, Resumable } from './checkpoint/checkpoint.js'
import { isSamePart } from './checkpoint/part-proof.js'
import { CLEAN_UP_LIMITS } from './clean-up-limits.js'
import { type AcknowledgedPart, PartsLedger } from './parts/parts-ledger.js'

/** How long an aborted upload waits for the response to initiate: abort needs the upload ID in it. */
const INITIATE_GRACE_MS = 5_000

/** Chooses parts of a previous run that are kept without comparing their content. */
export type PartsChoice = (parts: Resumable['parts']) => Iterable<AcknowledgedPart & { partNumber: number }>

/** The upload of a previous run and its kept parts, or the object that it became. */
export type TakenOver =
  { kind: 'parts'; upload: Resumable | undefined; ledger: PartsLedger } | Extract<Earlier, { kind: 'published' }>

export interface MultipartUploadParts {
  driver: StoreDriver
  key: string
  objectOptions: ObjectOptions
  checkpoint: Checkpoint | undefined
  context: () => CallContext
}

export class MultipartUpload {
  readonly #parts: MultipartUploadParts
  readonly #cancelInitiate = new AbortController()
  #opening: Promise<Earlier> | undefined
  #uploadId: string | undefined
  #unknownUploads = 0

  constructor(parts: MultipartUploadParts) {
    this.#parts = parts
  }

  /** Upload ID, once the upload is initiated or resumed. */
  get uploadId(): string | undefined {
    return this.#uploadId
  }

  /** Number of uploads that the service may have initiated, but whose upload IDs are unknown. */
  get unknownUploads(): number {
    return this.#unknownUploads
  }

  /** Resolves with what a previous run left. Looks for it once. Throws UploadError. */
  open(): Promise<Earlier> {
    const { checkpoint, context } = this.#parts
    this.#opening ??= checkpoint?.open(context()) ?? Promise.resolve({ kind: 'nothing' })
    return this.#opening
  }

  /** Resumes a previous run's upload, if `choose` yields parts of it: these are in the ledger. */
  async takeOver(choose: PartsChoice): Promise<TakenOver> {
    const earlier = await this.open()
    if (earlier.kind === 'published') return earlier
    const ledger = new PartsLedger()
    if (earlier.kind === 'nothing') return { kind: 'parts', upload: undefined, ledger }
    const { upload } = earlier
    for (const { partNumber, ...part } of choose(upload.parts)) ledger.record(partNumber, part)
    if (ledger.count === 0) return { kind: 'parts', upload: undefined, ledger }
    this.#uploadId = upload.uploadId
    return { kind: 'parts', upload, ledger }
  }

  /** Resumes the upload of a previous run, if its first part has these bytes or is not stored; otherwise discards it. */
  async resume(first: Promise<ObjectBody>): Promise<Resumable | undefined> {
    const earlier = await this.open()
    if (earlier.kind !== 'resumable') return undefined
    const { upload } = earlier
    const stored = this.#parts.checkpoint?.comparesEachPart === true ? undefined : upload.parts.get(1)
    if (stored !== undefined && !(await isSamePart(stored, await first))) {
      await this.restart('the first part is made of other bytes')
      return undefined
    }
    this.#uploadId = upload.uploadId
    return upload
  }

  /** Discards the upload of a previous run, as the content is another one. */
  async restart(message: string): Promise<void> {
    const { checkpoint, context } = this.#parts
    await checkpoint?.restart('content-changed', message, context())
  }

  /**
   * Initiates the upload. Resolves with its upload ID, once that is written to the checkpoint, if any. Throws
   * UploadError.
   */
  async initiate(): Promise<string> {
    const { driver, key, objectOptions, checkpoint } = this.#parts
    const context = this.#parts.context()
    if (checkpoint !== undefined) {
      await checkpoint.prepare()
      context.signal?.throwIfAborted()
    }
    const uploadId = await driver.initiateMultipartUpload(key, objectOptions, {
      ...context,
      signal: this.#cancelInitiate.signal,
      retrySignal: context.signal,
      onOutcomeUnknown: () => {
        this.#unknownUploads += 1
      },
    })
    this.#uploadId = uploadId
    await checkpoint?.begin(uploadId)
    return uploadId
  }

  /**
   * Cleans up after a failure: waits until all requests have `settled`, but only for a limited time for the response to
   * initiate. Then keeps the upload, if it is in a checkpoint and another run may succeed, or aborts it.
   */
  async abortOrKeep(error: Error, settled: Promise<unknown>): Promise<void> {
    const { driver, key, objectOptions, checkpoint, context } = this.#parts
    const grace = setTimeout(() => this.#cancelInitiate.abort(error), INITIATE_GRACE_MS)
    await settled
    await this.#opening?.catch(() => undefined)
    clearTimeout(grace)
    if (this.#unknownUploads > 0) attachLeftover(error, { unknownUploads: this.#unknownUploads })
    const uploadId = this.#uploadId ?? checkpoint?.durableId
    if (uploadId !== undefined && checkpoint?.isToBeKept(error) === true) {
      await checkpoint.keep()
      attachResumable(error, uploadId)
      return
    }
    try {
      if (uploadId !== undefined) {
        const { upload } = context()
        await driver.abortMultipartUpload({ key, uploadId }, { upload, ...CLEAN_UP_LIMITS }, objectOptions)
      }
      await checkpoint?.remove()
    } catch (cleanupError) {
      // Keep its record as well, so that the next run can clean up.
      await checkpoint?.keep()
      attachLeftover(error, { uploadId, cleanupError: toError(cleanupError) })
    }
  }
}
