/**
 * A file becomes an object: its size is known, so its parts are read where they lie, several at a time, straight into
 * part buffers.
 *
 * Invariants: at most `concurrency + 1` buffers are held, those in flight and the one that is read in advance; nothing is
 * published unless the file was the same after its last byte was read as before its first.
 */
import type { PartBuffer } from '../checksum/crc64.js'
import { toError, UploadError } from '../shared/errors.js'
import { copyOfObjectOptions } from '../stores/object-options.js'
import { FileSource } from './file-source.js'
import { checkFileUploadOptions, type FileUploadOptions } from './file-upload-options.js'
import { PartPlan } from './part-plan.js'
import { ProgressReports } from './progress-reports.js'
import { Transfer } from './transfer.js'
import type { UploadHost } from './upload-observer.js'
import type { SendOptions } from './upload-options.js'
import type { UploadProgress } from './progress.js'
import type { UploadResult } from './upload-result.js'

/**
 * Uploads the file at `path`, which is absolute. Resolves when the object is stored and verified; rejects with what
 * failed when nothing is left behind.
 */
export async function uploadFile(
  host: UploadHost,
  key: string,
  path: string,
  options: FileUploadOptions,
): Promise<UploadResult> {
  const sendOptions = checkFileUploadOptions(options, host.driver.limits)
  host.driver.check(key, options)
  const file = await FileSource.open(path)
  try {
    return await new FileUpload(host, key, file, sendOptions, options).run()
  } finally {
    await file.close()
  }
}

class FileUpload {
  readonly #host: UploadHost
  readonly #file: FileSource
  readonly #options: SendOptions
  readonly #plan: PartPlan
  readonly #transfer: Transfer
  /** Parts being read. */
  readonly #reads = new Set<Promise<PartBuffer>>()
  #endWaitingForNetwork: () => void = () => undefined

  constructor(host: UploadHost, key: string, file: FileSource, options: SendOptions, objectOptions: FileUploadOptions) {
    this.#host = host
    this.#file = file
    this.#options = options
    this.#plan = new PartPlan(
      { ...options, expectedSize: file.size, maxMemory: host.pool.maxMemory },
      host.driver.limits,
    )
    const plan = {
      objectOptions: copyOfObjectOptions(objectOptions),
      concurrency: options.concurrency,
      partSize: this.#plan.sizeOf(1),
    }
    this.#transfer = new Transfer(host, key, plan, {
      initiated: () => undefined,
      part: (part) => options.onPart?.(part),
      retry: () => undefined,
      // Whatever waits for the transfer learns of it.
      failed: () => undefined,
    })
  }

  /** To be called once. All has settled when its promise does: no request and no read is under way. */
  async run(): Promise<UploadResult> {
    const { signal, onProgress } = this.#options
    const reports = new ProgressReports(
      () => onProgress?.(this.#progress),
      (error) => void this.#transfer.abort(error),
    )
    const onAbort = () => void this.#transfer.abort(this.#aborted(signal?.reason))
    try {
      if (signal?.aborted === true) onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      const result = this.#file.size <= this.#plan.sizeOf(1) ? await this.#put() : await this.#sendParts()
      await reports.finish()
      await onProgress?.(this.#progress)
      return result
    } catch (error) {
      const settled = this.#transfer.abort(toError(error))
      await Promise.allSettled(this.#reads)
      await settled
      // What stopped the loop may be a consequence of what failed first.
      this.#transfer.throwIfFailed()
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
      reports.stop()
    }
  }

  async #put(): Promise<UploadResult> {
    this.#transfer.throwIfFailed()
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
    const parts = Math.ceil(size / this.#plan.sizeOf(1))
    for (let partNumber = 1; partNumber <= parts; partNumber += 1) {
      this.#transfer.throwIfFailed()
      const part = this.#read(partNumber)
      try {
        await this.#transfer.room()
        this.#transfer.throwIfFailed()
      } catch (error) {
        // It was read in advance, and nobody else has it.
        part.then(
          (buffer) => this.#host.pool.release(buffer),
          () => undefined,
        )
        throw error
      }
      this.#transfer.send(partNumber, part)
    }
    await Promise.all(this.#reads)
    await this.#verify()
    return this.#transfer.complete(parts, size)
  }

  async #verify(): Promise<void> {
    await this.#file.verify()
    this.#endWaitingForNetwork()
    this.#transfer.meter.end()
  }

  /** The part in a buffer of its own, which is the caller's to give back. */
  #read(partNumber: number): Promise<PartBuffer> {
    this.#endWaitingForNetwork()
    const read = this.#readPart(partNumber).finally(() => {
      this.#reads.delete(read)
      // Every part that there is a buffer for is there: the next one waits until the network has taken one of them.
      if (this.#reads.size === 0) void this.#transfer.meter.blocked(this.#waitForNetwork())
    })
    this.#reads.add(read)
    // Whoever gets the part learns of it.
    read.catch(() => undefined)
    return read
  }

  async #readPart(partNumber: number): Promise<PartBuffer> {
    const { pool } = this.#host
    const { cancelled, meter } = this.#transfer
    const partSize = this.#plan.sizeOf(1)
    const position = (partNumber - 1) * partSize
    const buffer = await pool.acquire(partSize, cancelled)
    try {
      const length = Math.min(partSize, this.#file.size - position)
      await this.#file.read(buffer, position, length, cancelled, (bytes) => meter.receive(bytes))
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
    return new UploadError('ABORTED', `the upload of ${JSON.stringify(key)} was given up: its signal was aborted`, {
      key,
      cause,
    })
  }
}
