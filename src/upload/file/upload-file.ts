/**
 * Uploads a file. Its size is known, so several parts are read at a time, directly into part buffers.
 *
 * Invariants: at most `concurrency + 1` buffers are held, those in flight and one that is read in advance; nothing is
 * published unless the file was unchanged from its first byte to its last.
 */
import type { PartBuffer } from '../../checksum/crc64.js'
import { invalidOption } from '../../shared/check-option.js'
import { toError, UploadError } from '../../shared/errors.js'
import { observeWith } from '../../shared/event-callbacks.js'
import { copyOfObjectOptions, type ObjectOptions } from '../../stores/object/object-options.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { openFileCheckpoint } from '../checkpoint/file/file-checkpoint.js'
import { acknowledgedParts } from '../checkpoint/part-proof.js'
import type { CheckpointRecord } from '../checkpoint/upload-record.js'
import { FileSource } from './file-source.js'
import {
  checkFileUploadOptions,
  type FileSendOptions,
  type FileUploadOptions,
  takeFileUploadOptions,
} from './file-upload-options.js'
import { OrderedInspection } from '../inspection.js'
import { PartPlan } from '../parts/part-plan.js'
import type { PartsTaken } from '../parts/parts-ledger.js'
import type { UploadProgress } from '../progress.js'
import { ProgressReports } from '../../flow/progress-reports.js'
import { findPublished } from './find-published.js'
import type { PublishedObject } from '../publish/published-object.js'
import { Transfer } from '../transfer.js'
import { UPLOAD_CALLBACKS } from '../upload-callbacks.js'
import type { UploadHost } from '../upload-observer.js'
import type { UploadResult } from '../upload-result.js'

class FileUpload {
  readonly #host: UploadHost
  readonly #file: FileSource
  readonly #options: FileSendOptions
  readonly #partSize: number
  readonly #transfer: Transfer
  readonly #inspection: OrderedInspection | undefined
  /** Parts that are being read. */
  readonly #reads = new Set<Promise<PartBuffer>>()
  #endWaitingForNetwork: () => void = () => undefined

  /** Opens the file. The options must be checked already. */
  static async open(
    host: UploadHost,
    key: string,
    file: FileSource,
    sendOptions: FileSendOptions,
    options: FileUploadOptions,
  ): Promise<FileUpload> {
    const { driver, pool } = host
    const { fileCheckpoint: found } = sendOptions
    // An upload that `ali-oss` started has its part size already.
    const sizes =
      found.kind === 'ali-oss'
        ? { partSize: found.checkpoint.partSize, partGrowth: false }
        : { partSize: sendOptions.partSize, partGrowth: false, expectedSize: file.size }
    const plan = new PartPlan({ ...sizes, maxMemory: pool.maxMemory }, driver.limits)
    const partSize = plan.sizeOf(1)
    const { maxParts } = driver.limits
    if (file.size > maxParts * partSize) {
      throw invalidOption(
        'checkpoint.partSize',
        partSize,
        `must be larger: ${maxParts} such parts do not hold ${file.size} bytes`,
      )
    }
    const objectOptions = copyOfObjectOptions(options)
    const isMultipart = file.size > partSize
    const upload = { driver, key, file: file.path, options: objectOptions, isMultipart }
    const checkpoint = await openFileCheckpoint(found, upload)
    return new FileUpload(host, key, file, sendOptions, options, { objectOptions, partSize, checkpoint })
  }

  private constructor(
    host: UploadHost,
    key: string,
    file: FileSource,
    sendOptions: FileSendOptions,
    options: FileUploadOptions,
    plan: { objectOptions: ObjectOptions; partSize: number; checkpoint: LockableStore | undefined },
  ) {
    this.#host = host
    this.#file = file
    this.#options = sendOptions
    this.#partSize = plan.partSize
    const { concurrency, checkContent, inspect } = sendOptions
    this.#inspection = inspect === undefined ? undefined : new OrderedInspection(inspect)
    const origin = {
      size: file.size,
      mtimeNs: String(file.mtimeNs),
      isTrusted: !checkContent,
      findPublished: async (record: CheckpointRecord) => {
        const read = checkContent ? (partNumber: number) => this.#readPart(partNumber, () => undefined) : undefined
        return findPublished(record, file.size, read, host, plan.objectOptions, this.#transfer.cancelled)
      },
    }
    this.#transfer = new Transfer(
      host,
      key,
      { ...plan, concurrency, file: origin },
      {
        ...observeWith(UPLOAD_CALLBACKS, () => options),
        // Callers that wait for the transfer get the error.
        failed: () => undefined,
      },
    )
  }

  /** Runs the upload. Must be called once. When its promise settles, no request and no read is in flight. */
  async run(): Promise<UploadResult> {
    const { signal, onProgress } = this.#options
    const reports = new ProgressReports(
      { report: () => onProgress?.(this.#progress) },
      (error) => void this.#transfer.abort(error),
    )
    const onAbort = () => void this.#transfer.abort(this.#aborted(signal?.reason))
    try {
      if (signal?.aborted === true) onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#transfer.throwIfFailed()
      const result = this.#file.size <= this.#partSize ? await this.#put() : await this.#sendParts()
      await reports.finish()
      return result
    } catch (error) {
      const settled = this.#transfer.abort(toError(error))
      await Promise.allSettled(this.#reads)
      await settled
      // The error that stopped the loop may be a consequence of the first one.
      this.#transfer.throwIfFailed()
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
      reports.stop()
    }
  }

  async #put(): Promise<UploadResult> {
    const buffer = this.#file.size === 0 ? undefined : await this.#read(1)
    try {
      await this.#verify()
      this.#transfer.throwIfFailed()
    } catch (error) {
      if (buffer !== undefined) this.#host.pool.release(buffer)
      throw error
    }
    return this.#transfer.put(buffer)
  }

  async #sendParts(): Promise<UploadResult> {
    const { size } = this.#file
    const parts = Math.ceil(size / this.#partSize)
    const { parts: done, published } = await this.#takeOver()
    if (published !== undefined) {
      if (this.#inspection !== undefined) await this.#readAll(parts)
      await this.#verify()
      return this.#transfer.conclude(published)
    }
    for (let partNumber = 1; partNumber <= parts; partNumber += 1) {
      if (!done.has(partNumber)) await this.#send(partNumber)
    }
    await Promise.all(this.#reads)
    await this.#verify()
    return this.#transfer.complete(parts, size)
  }

  /** Resumes the parts that need not be read again, as the file is unchanged. */
  async #takeOver(): Promise<{ parts: PartsTaken; published?: PublishedObject }> {
    const sizeOf = (partNumber: number) => this.#lengthOf(partNumber)
    const { checkContent, inspect } = this.#options
    const mustRead = checkContent || inspect !== undefined
    return this.#transfer.takeOver((stored) => (mustRead ? [] : acknowledgedParts(stored, sizeOf)))
  }

  /** Reads the parts of a previous run for an inspector, which has not seen them. */
  async #readAll(parts: number): Promise<void> {
    for (let partNumber = 1; partNumber <= parts; partNumber += 1) {
      this.#host.pool.release(await this.#read(partNumber))
    }
  }

  async #send(partNumber: number): Promise<void> {
    this.#transfer.throwIfFailed()
    const part = this.#read(partNumber)
    try {
      await this.#transfer.room()
      this.#transfer.throwIfFailed()
    } catch (error) {
      // The part was read in advance, and has no other owner.
      part.then(
        (buffer) => this.#host.pool.release(buffer),
        () => undefined,
      )
      throw error
    }
    this.#transfer.send(partNumber, part)
  }

  async #verify(): Promise<void> {
    await this.#file.verify()
    this.#endWaitingForNetwork()
    this.#transfer.meter.end()
    await this.#inspection?.end(this.#transfer.cancelled)
  }

  #lengthOf(partNumber: number): number {
    return Math.max(0, Math.min(this.#partSize, this.#file.size - (partNumber - 1) * this.#partSize))
  }

  /** Reads a part into a buffer, which the caller must release. */
  #read(partNumber: number): Promise<PartBuffer> {
    this.#endWaitingForNetwork()
    const raw = this.#readPart(partNumber, (bytes) => this.#transfer.meter.receive(bytes))
    const inspected = this.#inspection?.inspect(raw, (part) => this.#host.pool.release(part))
    const read = (inspected ?? raw).finally(() => {
      this.#reads.delete(read)
      // All buffers are in use: the next part waits until the network has sent one.
      if (this.#reads.size === 0) void this.#transfer.meter.blocked(this.#waitForNetwork())
    })
    this.#reads.add(read)
    // The receiver of the part gets the error.
    read.catch(() => undefined)
    return read
  }

  async #readPart(partNumber: number, onRead: (bytes: number) => void): Promise<PartBuffer> {
    const { pool } = this.#host
    const { cancelled } = this.#transfer
    const position = (partNumber - 1) * this.#partSize
    const buffer = await pool.acquire(this.#partSize, cancelled)
    try {
      await this.#file.read(buffer, position, this.#lengthOf(partNumber), cancelled, onRead)
      return buffer
    } catch (error) {
      pool.release(buffer)
      throw error
    }
  }

  async #waitForNetwork(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#endWaitingForNetwork = resolve
    })
  }

  get #progress(): UploadProgress {
    return this.#transfer.meter.snapshot(this.#transfer.partsProgress, this.#file.size)
  }

  #aborted(cause: unknown): UploadError {
    const { key } = this.#transfer
    return new UploadError('ABORTED', `the upload of ${JSON.stringify(key)} was aborted: its signal was aborted`, {
      key,
      cause,
    })
  }
}

/**
 * Uploads the file at `path`. Resolves when the object is stored and verified; rejects with the failure when the upload is
 * cleaned up, or kept by a checkpoint.
 */
export async function uploadFile(
  host: UploadHost,
  key: string,
  path: string,
  options: FileUploadOptions,
): Promise<UploadResult> {
  const given = takeFileUploadOptions(options)
  const sendOptions = checkFileUploadOptions(given, key, host.driver)
  const taken = { ...given, ...copyOfObjectOptions(given) }
  host.driver.check(key, taken)
  const file = await FileSource.open(path)
  try {
    const upload = await FileUpload.open(host, key, file, sendOptions, taken)
    return await upload.run()
  } finally {
    await file.close()
  }
}
