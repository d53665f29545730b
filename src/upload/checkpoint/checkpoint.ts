/**
 * The checkpoint of one upload: what an earlier run left is found, held against the store, taken over or cleared away;
 * what this run gets acknowledged is recorded; at the end the record is gone, or is what the next run needs.
 *
 * Invariants: a text that is no checkpoint is never overwritten; an upload that is recorded is either the one that goes
 * on, or was aborted before its record is replaced.
 */
import { toError, UploadError, type UploadErrorCode } from '../../shared/errors.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { CallContext } from '../../stores/store-driver.js'
import type { AcknowledgedPart } from '../parts-ledger.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { type CheckpointNotice, CheckpointWriter } from './checkpoint-writer.js'
import { fingerprintOf } from './fingerprint.js'
import { isSamePart, listAllParts, md5OfEtag, provenParts, type StoredPart } from './part-proof.js'
import { isNothing, readCheckpoint } from './read-checkpoint.js'
import type { CheckpointRecord, RecordedFile, RecordHead } from './record.js'
import { type CheckpointedUpload, differenceOf, type RestartNotice, type RestartReason } from './restart.js'

export interface CheckpointObserver {
  /** An earlier run's upload is not resumed. */
  restarted?(notice: RestartNotice): void
  /** A record is durable. */
  checkpoint?(notice: CheckpointNotice): void
}

/** What an earlier run left that goes on. */
export interface Resumable {
  uploadId: string
  /** What the store has, by part number. */
  parts: ReadonlyMap<number, StoredPart>
  /** How the file was, where the bytes came from one. */
  file?: RecordedFile
}

/** After these of a whole upload another run of it would fail in the same way, or has nothing to go on with. */
const HOPELESS: readonly UploadErrorCode[] = [
  'NO_SUCH_UPLOAD',
  'ALREADY_EXISTS',
  'CHECKSUM_MISMATCH',
  'CALLBACK_FAILED',
  'TOO_MANY_PARTS',
  'INCOMPLETE',
]

/** Time for aborting what is not resumed. */
const ABORT_MS = 60_000

/** For one attempt at it. */
const ABORT_ATTEMPT_MS = 20_000

export class Checkpoint {
  readonly #store: LockableStore
  readonly #upload: CheckpointedUpload
  readonly #observer: CheckpointObserver
  #writer: CheckpointWriter | undefined
  /** What is recorded durably of the upload under way. */
  #durableId: string | undefined
  #stored = new Map<number, StoredPart>()
  #highestStored = 0
  #leavesPartsOut = false
  #etagsAreMd5: Promise<boolean> | undefined
  /** One part after the other is compared. */
  #matching: Promise<unknown> = Promise.resolve()

  constructor(store: LockableStore, upload: CheckpointedUpload, observer: CheckpointObserver) {
    this.#store = store
    this.#upload = upload
    this.#observer = observer
  }

  /** The upload that a later run would resume. */
  get durableId(): string | undefined {
    return this.#durableId
  }

  /** A part of a file is where its number says, whatever became of those before it. */
  get comparesEachPart(): boolean {
    return this.#upload.file !== undefined
  }

  /** Looks for what an earlier run left; without a record nothing is sent and nothing written. Throws UploadError. */
  async open(context: CallContext): Promise<Resumable | undefined> {
    const reading = await readCheckpoint(this.#store)
    if (reading === undefined) return undefined
    if (reading.kind === 'damaged') {
      await this.#startAnew('record-damaged', `the checkpoint is damaged: ${reading.why}`, undefined, context)
      return undefined
    }
    return this.#resume(reading.record, context)
  }

  /** Makes sure that an upload may be begun and recorded. Throws UploadError. */
  async prepare(): Promise<void> {
    await this.#store.lock()
    if (isNothing(await this.#store.read())) return
    const name = JSON.stringify(this.#store.name)
    throw new UploadError('CHECKPOINT_FAILED', `the checkpoint ${name} was written by another upload meanwhile`)
  }

  /** Resolves when it is recorded that this upload was begun. Throws UploadError. */
  async begin(uploadId: string): Promise<void> {
    // No run would find it: it is not to be kept after a failure.
    if (this.#store.isNowhere === true) return
    const { driver, key, options, partSize, file } = this.#upload
    this.#writer = this.#writerFor({
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
    await this.#writer.save()
    this.#durableId = uploadId
  }

  /** Gives up what an earlier run left, before an upload is begun. */
  async restart(reason: RestartReason, message: string, context: CallContext): Promise<void> {
    const uploadId = this.#durableId
    this.#durableId = undefined
    this.#writer = undefined
    this.#stored.clear()
    this.#highestStored = 0
    this.#etagsAreMd5 = undefined
    const { key } = this.#upload
    await this.#startAnew(reason, message, uploadId === undefined ? undefined : { key, uploadId }, context)
  }

  /**
   * The part in the store that is made of these bytes: it need not be sent. Undefined where there is none, and after the
   * first that differs, unless they come from a file. To be called in the order of part numbers; looks once it is `settled`
   * which upload goes on.
   */
  match(partNumber: number, body: Promise<ObjectBody>, settled: Promise<unknown>): Promise<StoredPart | undefined> {
    const before = this.comparesEachPart ? Promise.resolve() : this.#matching
    const match = before.then(async () => {
      await settled
      return this.#match(partNumber, await body)
    })
    // Whoever sends the part learns of a failure.
    this.#matching = match.catch(() => undefined)
    return match
  }

  /** Resolves when it is recorded that the store has this part, made of these bytes. Throws UploadError. */
  async record(partNumber: number, part: AcknowledgedPart, body: ObjectBody): Promise<void> {
    if (this.#writer === undefined) return
    const md5 = md5OfEtag(part.etag)
    this.#etagsAreMd5 ??= (async () => md5 !== undefined && md5 === (await body.checksum('md5')))()
    this.#writer.setEtagsAreMd5(await this.#etagsAreMd5)
    const { size, etag, crc64, checksum } = part
    this.#writer.set({ partNumber, size, etag, crc64, ...(checksum === undefined ? {} : { checksum }) })
    await this.#writer.save()
  }

  /** The parts 1 to `partCount` are about to become the object. */
  completing(partCount: number): void {
    this.#leavesPartsOut = this.#highestStored > partCount
  }

  /** Whether the upload, having failed for this reason, is worth another run. */
  isToBeKept(error: Error): boolean {
    if (this.#durableId === undefined) return false
    if (!(error instanceof UploadError) || error.partNumber !== undefined) return !isGone(error)
    // S3 drops the parts that are not named, and some of its kind refuse to: the next run would be refused like this one.
    if (error.code === 'REJECTED' && this.#leavesPartsOut) return false
    return !HOPELESS.includes(error.code)
  }

  /** The upload is no more: nothing is to be resumed. A record that stays behind leads to an upload that is not there. */
  async remove(): Promise<void> {
    const wasRecorded = this.#durableId !== undefined
    this.#durableId = undefined
    await this.#writer?.idle()
    if (wasRecorded) await this.#store.remove().catch(() => undefined)
    await this.#store.unlock()
  }

  /** The upload is kept, to be resumed: resolves when all that was acknowledged is recorded. */
  async keep(): Promise<void> {
    await this.#writer?.idle()
    await this.#store.unlock()
  }

  async #match(partNumber: number, body: ObjectBody): Promise<StoredPart | undefined> {
    const stored = this.#stored.get(partNumber)
    if (stored === undefined) return undefined
    if (this.comparesEachPart) return (await this.#isSameOfFile(stored, body)) ? stored : undefined
    if (await isSamePart(stored, body)) return stored
    this.#stored.clear()
    this.#writer?.forgetFrom(partNumber)
    return undefined
  }

  /** The CRC-64 of what was sent from here is recorded; what the store alone tells of is held against all that it tells. */
  async #isSameOfFile(stored: StoredPart, body: ObjectBody): Promise<boolean> {
    const { isRecorded, size, crc64 } = stored
    return isRecorded ? size === body.size && crc64 === body.crc64 : isSamePart(stored, body)
  }

  async #resume(record: CheckpointRecord, context: CallContext): Promise<Resumable | undefined> {
    const difference = await differenceOf(record, this.#upload)
    if (difference !== undefined) {
      const { reason, message, isReachable } = difference
      await this.#startAnew(reason, message, record, context, isReachable)
      return undefined
    }
    const { parts, ...head } = record
    const { uploadId, file } = head
    try {
      const { driver, options } = this.#upload
      const listed = await listAllParts(driver, record, context, options)
      this.#stored = provenParts(record, listed)
      this.#highestStored = listed.at(-1)?.partNumber ?? 0
    } catch (error) {
      if (!(error instanceof UploadError && error.code === 'NO_SUCH_UPLOAD')) throw error
      if ((await this.#upload.file?.becameTheObject(record)) === true) {
        await this.#store.remove()
        return undefined
      }
      await this.#startAnew('upload-gone', 'the upload is not there any more', record, context, false)
      return undefined
    }
    this.#writer = this.#writerFor(head)
    for (const part of parts) if (this.#stored.get(part.partNumber)?.isRecorded === true) this.#writer.set(part)
    this.#durableId = uploadId
    if (parts.length > 0) this.#etagsAreMd5 = Promise.resolve(head.etagsAreMd5)
    return { uploadId, parts: this.#stored, ...(file === undefined ? {} : { file }) }
  }

  #writerFor(head: RecordHead): CheckpointWriter {
    return new CheckpointWriter(this.#store, head, (notice) => this.#observer.checkpoint?.(notice))
  }

  /** `left` is what the record tells of; where it is within reach it is aborted first. */
  async #startAnew(
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
        await driver.abortMultipartUpload(
          left,
          { ...context, retryTotalMs: ABORT_MS, attemptMs: ABORT_ATTEMPT_MS },
          options,
        )
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

/** The service knows nothing of it any more, whichever request said so. */
function isGone(error: Error): boolean {
  return error instanceof UploadError && error.code === 'NO_SUCH_UPLOAD'
}
