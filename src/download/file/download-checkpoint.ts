/** Writes the record of a download, at most once per second, because a long record takes time. */
import { setTimeout as delay } from 'node:timers/promises'
import { CheckpointFile } from '../../checkpoint/checkpoint-file.js'
import { UploadError } from '../../shared/errors.js'
import { type DownloadRecord, formatDownload, readDownload } from './download-record.js'

const INTERVAL_MS = 1000

export class DownloadCheckpoint {
  readonly #file: CheckpointFile
  readonly #ending = new AbortController()
  #next: (() => DownloadRecord) | undefined
  #running: Promise<void> | undefined

  constructor(path: string) {
    this.#file = new CheckpointFile(path, (text) => readDownload(text).kind === 'record')
  }

  /**
   * Locks it and resolves with what a previous run recorded, or with why that cannot be read.
   * @throws {UploadError} if the file is not the checkpoint of a download, or another download uses it.
   */
  async open(): Promise<DownloadRecord | string | undefined> {
    // Checked before any file beside it is touched: files beside a file of others belong to them as well.
    this.#parse(await this.#file.read())
    await this.#file.lock()
    return this.#parse(await this.#file.read())
  }

  /** Records what `record` returns then, soon. */
  save(record: () => DownloadRecord, onError: (error: unknown) => void): void {
    this.#next = record
    this.#running ??= this.#run(onError)
  }

  /** Resolves when the last that was saved is durable. */
  async flush(): Promise<void> {
    this.#ending.abort()
    await this.#running
    await this.#write()
  }

  /** Resolves when the record is removed. */
  async remove(): Promise<void> {
    this.#next = undefined
    this.#ending.abort()
    await this.#running
    await this.#file.remove()
  }

  async unlock(): Promise<void> {
    await this.#file.unlock()
  }

  #parse(text: string | undefined): DownloadRecord | string | undefined {
    if (text === undefined || text === '') return undefined
    const reading = readDownload(text)
    if (reading.kind === 'record') return reading.record
    if (reading.kind === 'damaged') return reading.why
    throw new UploadError(
      'INVALID_OPTION',
      `checkpoint must be the checkpoint of a download, or a path where no file is (got ${JSON.stringify(this.#file.name)}: ${reading.why})`,
    )
  }

  async #run(onError: (error: unknown) => void): Promise<void> {
    const { signal } = this.#ending
    try {
      while (this.#next !== undefined && !signal.aborted) {
        await this.#write()
        await delay(INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined)
      }
    } catch (error) {
      onError(error)
    } finally {
      this.#running = undefined
    }
  }

  async #write(): Promise<void> {
    const record = this.#next?.()
    this.#next = undefined
    if (record !== undefined) await this.#file.write(formatDownload(record))
  }
}
