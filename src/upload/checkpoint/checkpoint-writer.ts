/**
 * Keeps the record of one upload durable. One write at a time: what is acknowledged meanwhile goes into the next one.
 * Invariant: what `save` was called for is in the store when its promise resolves.
 */
import type { CheckpointStore } from '../../checkpoint/checkpoint-store.js'
import { formatRecord, type RecordedPart, type RecordHead } from './record.js'
import { RecordedParts } from './recorded-parts.js'

/** What is durable. */
export interface CheckpointNotice {
  uploadId: string
  /** How many parts are recorded. */
  parts: number
  /** Of these parts. */
  bytes: number
}

export class CheckpointWriter {
  readonly #store: CheckpointStore
  readonly #onDurable: (notice: CheckpointNotice) => void
  #head: RecordHead
  readonly #parts = new RecordedParts()
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(store: CheckpointStore, head: RecordHead, onDurable: (notice: CheckpointNotice) => void) {
    this.#store = store
    this.#head = head
    this.#onDurable = onDurable
  }

  set(part: RecordedPart): void {
    this.#parts.set(part)
  }

  /** Parts from this number on are not what they were. */
  forgetFrom(partNumber: number): void {
    this.#parts.forgetFrom(partNumber)
  }

  /** What the service's ETags of parts are is known once there is one. */
  setEtagsAreMd5(etagsAreMd5: boolean): void {
    this.#head = { ...this.#head, etagsAreMd5 }
  }

  /** Resolves when all that was set until now is durable. After a failed write it fails for good. */
  save(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      this.#running = this.#write()
      return this.#running
    })
    return this.#next
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await (this.#next ?? this.#running).catch(() => undefined)
  }

  async #write(): Promise<void> {
    const { count: parts, bytes, texts } = this.#parts
    const notice = { uploadId: this.#head.uploadId, parts, bytes }
    await this.#store.write(formatRecord(this.#head, texts))
    this.#onDurable(notice)
  }
}
