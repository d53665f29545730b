/**
 * The checkpoint of one upload. Finds the upload of a previous run, compares it with the store, and resumes or aborts
 * it; records the acknowledged parts of this run; at the end removes the record, or leaves it for the next run.
 *
 * Invariants: a text that is not a checkpoint is never overwritten; a recorded upload is either the one that continues,
 * or was aborted before its record is replaced.
 */
import { toError, UploadError, type UploadErrorCode } from '../../shared/errors.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { CallContext, ListedPart } from '../../stores/store-driver.js'
import { CLEAN_UP_LIMITS } from '../clean-up-limits.js'
import type { AcknowledgedPart } from '../parts/parts-ledger.js'
import type { PublishedObject } from '../publish/published-object.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { type CheckpointNotice, CheckpointWriter } from './checkpoint-writer.js'
import { fingerprintOf } from './fingerprint.js'
import { isSamePart, listAllParts, provenParts, type StoredPart } from './part-proof.js'
import { isNothing, readCheckpoint } from './read-checkpoint.js'
import type { CheckpointRecord, RecordedFile, RecordHead } from './upload-record.js'
import { type CheckpointedUpload, differenceOf, type RestartNotice, type RestartReason } from './restart.js'

export interface CheckpointObserver {
  /** Called when the upload of a previous run is not resumed. */
  restarted?(notice: RestartNotice): void
  /** Called when a record is durable. */
  checkpoint?(notice: CheckpointNotice): void
}

/** The upload of a previous run that can be resumed. */
export interface Resumable {
  uploadId: string
  /** Stored parts by part number. */
  parts: ReadonlyMap<number, StoredPart>
  /** Number of further stored parts with unknown bytes. */
  unproven: number
  /** Properties of the file, if the bytes came from a file. */
  file?: RecordedFile
}

/** After these failures another run would fail in the same way, or has nothing to resume. */
const HOPELESS: readonly UploadErrorCode[] = [
  'NO_SUCH_UPLOAD',
  'ALREADY_EXISTS',
  'PRECONDITION_FAILED',
  'CHECKSUM_MISMATCH',
  'CALLBACK_FAILED',
  'TOO_MANY_PARTS',
  'INCOMPLETE',
]

/**
 * - `closed`: no upload is recorded. None was found, or it is over.
 * - `resumed`: a previous run's upload continues; `stored` are its parts in the store whose bytes are known.
 * - `begun`: the upload of this run.
 */
type State = { name: 'closed' } | Resumed | { name: 'begun'; uploadId: string; writer: CheckpointWriter }

interface Resumed {
  name: 'resumed'
  uploadId: string
  writer: CheckpointWriter
  stored: Map<number, StoredPart>
  /** The highest part number in the store. */
  highestStored: number
  /** Complete was sent without some of the parts in the store. */
  leavesPartsOut: boolean
}

/** What a previous run left; `published`: its upload became the object, but it never learned so. */
export type Earlier =
  { kind: 'nothing' } | { kind: 'resumable'; upload: Resumable } | { kind: 'published'; published: PublishedObject }

const NOTHING: Earlier = { kind: 'nothing' }

export class Checkpoint {
  readonly #store: LockableStore
  readonly #upload: CheckpointedUpload
  readonly #observer: CheckpointObserver
  #state: State = { name: 'closed' }
  /** Parts are compared one after the other. */
  #matching: Promise<unknown> = Promise.resolve()

  constructor(store: LockableStore, upload: CheckpointedUpload, observer: CheckpointObserver) {
    this.#store = store
    this.#upload = upload
    this.#observer = observer
  }

  /** Upload ID of the upload that a later run would resume. */
  get durableId(): string | undefined {
    return this.#state.name === 'closed' ? undefined : this.#state.uploadId
  }

  /** Whether each part is compared by itself: in a file, the position of a part does not depend on earlier parts. */
  get comparesEachPart(): boolean {
    return this.#upload.file !== undefined
  }

  /** Looks for what a previous run left. Without a record it sends and writes nothing. Throws UploadError. */
  async open(context: CallContext): Promise<Earlier> {
    const reading = await readCheckpoint(this.#store)
    if (reading === undefined) return NOTHING
    if (reading.kind === 'record') return this.#resume(reading.record, context)
    await this.#startOver('record-damaged', `the checkpoint is damaged: ${reading.why}`, undefined, context)
    return NOTHING
  }

  /** Checks that an upload may be started and recorded. Throws UploadError. */
  async prepare(): Promise<void> {
    await this.#store.lock()
    if (isNothing(await this.#store.read())) return
    const name = JSON.stringify(this.#store.name)
    throw new UploadError('CHECKPOINT_FAILED', `the checkpoint ${name} was written by another upload meanwhile`)
  }

  /** Records the start of an upload. Resolves when that is durable. Throws UploadError. */
  async begin(uploadId: string): Promise<void> {
    // No later run could find the upload, so it is not kept after a failure.
    if (this.#store.discardsWrites === true) return
    const { driver, key, options, partSize, file } = this.#upload
    const writer = this.#writerFor({
      provider: driver.provider,
      bucket: driver.bucket,
      key,
      location: driver.locationOf(key),
      uploadId,
      partSize,
      options: await fingerprintOf(options),
      ...(driver.partChecksum === undefined ? {} : { checksum: driver.partChecksum }),
      etagsAreMd5: false,
      ...(file === undefined ? {} : { file: { size: file.size, mtimeNs: file.mtimeNs } }),
    })
    await writer.save()
    this.#state = { name: 'begun', uploadId, writer }
  }

  /** Discards the upload of a previous run, before a new one is started. */
  async restart(reason: RestartReason, message: string, context: CallContext): Promise<void> {
    const uploadId = this.durableId
    this.#state = { name: 'closed' }
    const { key } = this.#upload
    await this.#startOver(reason, message, uploadId === undefined ? undefined : { key, uploadId }, context)
  }

  /**
   * Resolves with the stored part of this number if it has the same bytes, so that it need not be sent. Resolves with
   * undefined if there is none, and after the first part that differs, except for files. Must be called in the order of part
   * numbers. Waits for `settled`, when it is known which upload continues.
   */
  match(partNumber: number, body: Promise<ObjectBody>, settled: Promise<unknown>): Promise<StoredPart | undefined> {
    const before = this.comparesEachPart ? Promise.resolve() : this.#matching
    const match = before.then(async () => {
      await settled
      return this.#match(partNumber, await body)
    })
    // The sender of the part gets the error.
    this.#matching = match.catch(() => undefined)
    return match
  }

  /** Records an acknowledged part. Resolves when that is durable. Throws UploadError. */
  async record(partNumber: number, part: AcknowledgedPart, body: ObjectBody): Promise<void> {
    if (this.#state.name === 'closed') return
    await this.#state.writer.record(partNumber, part, body)
  }

  /** Called before the parts 1 to `partCount` are completed. */
  completing(partCount: number): void {
    const state = this.#state
    if (state.name === 'resumed') this.#state = { ...state, leavesPartsOut: state.highestStored > partCount }
  }

  /** Returns whether an upload that failed with this error is kept for another run. */
  isToBeKept(error: Error): boolean {
    const state = this.#state
    if (state.name === 'closed') return false
    if (!(error instanceof UploadError) || error.partNumber !== undefined) return !isGone(error)
    // S3 drops parts that Complete does not list, but some compatible services refuse this: another run would be refused too.
    if (error.code === 'REJECTED' && state.name === 'resumed' && state.leavesPartsOut) return false
    return !HOPELESS.includes(error.code)
  }

  /** Removes the record, as the upload is over. Ignores failures: a remaining record names an upload that does not exist. */
  async remove(): Promise<void> {
    const state = this.#state
    this.#state = { name: 'closed' }
    if (state.name !== 'closed') {
      await state.writer.idle()
      await this.#store.remove().catch(() => undefined)
    }
    await this.#store.unlock()
  }

  /** Keeps the upload for another run. Resolves when all acknowledged parts are recorded. */
  async keep(): Promise<void> {
    if (this.#state.name !== 'closed') await this.#state.writer.idle()
    await this.#store.unlock()
  }

  async #match(partNumber: number, body: ObjectBody): Promise<StoredPart | undefined> {
    const state = this.#state
    const stored = state.name === 'resumed' ? state.stored.get(partNumber) : undefined
    if (state.name !== 'resumed' || stored === undefined) return undefined
    if (this.comparesEachPart) return (await this.#isSameOfFile(stored, body)) ? stored : undefined
    if (await isSamePart(stored, body)) return stored
    state.stored.clear()
    state.writer.forgetFrom(partNumber)
    return undefined
  }

  /** Compares a recorded part by its CRC-64, and any other by all checksums that the store returned. */
  async #isSameOfFile(stored: StoredPart, body: ObjectBody): Promise<boolean> {
    const { isRecorded, size, crc64 } = stored
    return isRecorded ? size === body.size && crc64 === body.crc64 : isSamePart(stored, body)
  }

  async #resume(record: CheckpointRecord, context: CallContext): Promise<Earlier> {
    const difference = await differenceOf(record, this.#upload)
    if (difference !== undefined) {
      const { reason, message, isReachable } = difference
      await this.#startOver(reason, message, record, context, isReachable)
      return NOTHING
    }
    const { driver, options } = this.#upload
    const listed = await listAllParts(driver, record, context, options).catch((error: unknown) => {
      if (isGone(error)) return undefined
      throw error
    })
    return listed === undefined ? this.#afterItsEnd(record, context) : this.#takeOver(record, listed)
  }

  #takeOver(record: CheckpointRecord, listed: readonly ListedPart[]): Earlier {
    const { parts: recorded, ...head } = record
    const { uploadId, file } = head
    const stored = provenParts(record, listed)
    const highestStored = listed.at(-1)?.partNumber ?? 0
    const writer = this.#writerFor(head)
    writer.takeOver(recorded, (partNumber) => stored.get(partNumber)?.isRecorded === true)
    this.#state = { name: 'resumed', uploadId, writer, stored, highestStored, leavesPartsOut: false }
    return {
      kind: 'resumable',
      upload: {
        uploadId,
        parts: stored,
        unproven: listed.length - stored.size,
        ...(file === undefined ? {} : { file }),
      },
    }
  }

  /** Handles a recorded upload that no longer exists: it was completed, aborted, or has expired. */
  async #afterItsEnd(record: CheckpointRecord, context: CallContext): Promise<Earlier> {
    const published = await this.#upload.file?.findPublished(record)
    if (published !== undefined) {
      await this.#store.remove()
      return { kind: 'published', published }
    }
    await this.#startOver('upload-gone', 'the upload no longer exists', record, context, false)
    return NOTHING
  }

  #writerFor(head: RecordHead): CheckpointWriter {
    return new CheckpointWriter(this.#store, head, (notice) => this.#observer.checkpoint?.(notice))
  }

  /** Removes the record. `left` is the recorded upload, which is aborted first if it is in the same bucket. */
  async #startOver(
    reason: RestartReason,
    message: string,
    left: { key: string; uploadId: string } | undefined,
    context: CallContext,
    isReachable = true,
  ): Promise<void> {
    let cleanupError: Error | undefined
    if (left !== undefined && isReachable) {
      try {
        const { driver, options } = this.#upload
        await driver.abortMultipartUpload(left, { ...context, ...CLEAN_UP_LIMITS }, options)
      } catch (error) {
        context.signal?.throwIfAborted()
        cleanupError = toError(error)
      }
    }
    await this.#store.remove()
    const isLeft = left !== undefined && reason !== 'upload-gone' && (!isReachable || cleanupError !== undefined)
    this.#observer.restarted?.({
      reason,
      message,
      ...(isLeft ? { leftUploadId: left.uploadId } : {}),
      ...(cleanupError === undefined ? {} : { cleanupError }),
    })
  }
}

/** Returns whether the upload no longer exists. */
function isGone(error: unknown): boolean {
  return error instanceof UploadError && error.code === 'NO_SUCH_UPLOAD'
}
