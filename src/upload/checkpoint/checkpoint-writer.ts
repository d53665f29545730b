/**
 * Keeps the record of one upload durable. One write at a time: what is acknowledged meanwhile goes into the next one.
 * Invariant: what `save` was called for is in the store when its promise resolves.
 */
import type { CheckpointStore } from '../../checkpoint/checkpoint-store.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { AcknowledgedPart } from '../parts-ledger.js'
import { md5OfEtag } from './part-proof.js'
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
  /** Whether the service's ETags of parts are their MD5, which the first part shows. */
  #etagsAreMd5: Promise<boolean> | undefined
  readonly #parts = new RecordedParts()
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(store: CheckpointStore, head: RecordHead, onDurable: (notice: CheckpointNotice) => void) {
    this.#store = store
    this.#head = head
    this.#onDurable = onDurable
  }

  /** Keeps the parts of an earlier run for which `isKept`; its record says what the service's ETags are. */
  takeOver(parts: readonly RecordedPart[], isKept: (partNumber: number) => boolean): void {
    if (parts.length > 0) this.#etagsAreMd5 = Promise.resolve(this.#head.etagsAreMd5)
    for (const part of parts) if (isKept(part.partNumber)) this.#parts.set(part)
  }

  /** Resolves when the acknowledgement of this part, made of these bytes, is durable. */
  async record(partNumber: number, part: AcknowledgedPart, body: ObjectBody): Promise<void> {
    const md5 = md5OfEtag(part.etag)
    this.#etagsAreMd5 ??= (async () => md5 !== undefined && md5 === (await body.checksum('md5')))()
    this.#head = { ...this.#head, etagsAreMd5: await this.#etagsAreMd5 }
    const { size, etag, crc64, checksum } = part
    this.#parts.set({ partNumber, size, etag, crc64, ...(checksum === undefined ? {} : { checksum }) })
    await this.save()
  }

  /** Parts from this number on are not what they were. */
  forgetFrom(partNumber: number): void {
    this.#parts.forgetFrom(partNumber)
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
