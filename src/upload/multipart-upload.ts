/**
 * The multipart upload of a transfer: begun anew, or gone on with where an earlier run left it; and what becomes of it
 * when the transfer fails.
 */
import { attachLeftover, attachResumable, toError } from '../shared/errors.js'
import type { ObjectBody } from '../stores/object/object-body.js'
import type { ObjectOptions } from '../stores/object/object-options.js'
import type { CallContext, StoreDriver } from '../stores/store-driver.js'
import type { Checkpoint, Earlier, Resumable } from './checkpoint/checkpoint.js'
import { isSamePart } from './checkpoint/part-proof.js'
import { CLEAN_UP_LIMITS } from './clean-up-limits.js'
import { type AcknowledgedPart, PartsLedger } from './parts-ledger.js'

/** An upload that begins as its end comes is waited for: only its id allows to abort it. */
const INITIATE_GRACE_MS = 5_000

/** Which of an earlier run's parts are gone on with unseen. */
export type PartsChoice = (parts: Resumable['parts']) => Iterable<AcknowledgedPart & { partNumber: number }>

/** The parts of a previous run that are kept, of which upload; or the object that it became. */
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

  /** Known once the upload was begun, or found to go on with. */
  get uploadId(): string | undefined {
    return this.#uploadId
  }

  /** Uploads that the service may have begun without anybody knowing their ids. */
  get unknownUploads(): number {
    return this.#unknownUploads
  }

  /** What an earlier run left; looked for once. Throws UploadError. */
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

  /** What an earlier run left, where its first part is made of these bytes, or not there; else that is given up. */
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

  /** Gives up what an earlier run left: the content is another one. */
  async restart(message: string): Promise<void> {
    const { checkpoint, context } = this.#parts
    await checkpoint?.restart('content-changed', message, context())
  }

  /** Begins an upload; resolves with its id, once that is recorded where it is to be. Throws UploadError. */
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
   * After a failure: waits until what is under way has `settled`, the answer to an initiate for a while only. Then the
   * upload is kept, where a checkpoint tells of it and another run may succeed, or aborted.
   */
  async giveUp(error: Error, settled: Promise<unknown>): Promise<void> {
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
      // Its record stays as well: the next run may clean up.
      await checkpoint?.keep()
      attachLeftover(error, { uploadId, cleanupError: toError(cleanupError) })
    }
  }
}
