/**
 * Writes the record of one upload. There is one write at a time: parts acknowledged meanwhile are part of the next one.
 * Invariant: when `save()` resolves, everything set before its call is in the store.
 */
import type { CheckpointStore } from '../../checkpoint/checkpoint-store.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { AcknowledgedPart } from '../parts/parts-ledger.js'
import { md5OfEtag } from './part-proof.js'
import { formatRecord, type RecordedPart, type RecordHead } from './upload-record.js'
import { RecordedParts } from './recorded-parts.js'

/** The durable state of an upload. */
export interface CheckpointNotice {
  uploadId: string
  /** Number of recorded parts. */
  parts: number
  /** Total size of these parts in bytes. */
  bytes: number
}

export class CheckpointWriter {
  readonly #store: CheckpointStore
  readonly #onDurable: (notice: CheckpointNotice) => void
  #head: RecordHead
  /** Whether the ETags of parts are their MD5, as shown by the first part. */
  #etagsAreMd5: Promise<boolean> | undefined
  readonly #parts = new RecordedParts()
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(store: CheckpointStore, head: RecordHead, onDurable: (notice: CheckpointNotice) => void) {
    this.#store = store
    this.#head = head
    this.#onDurable = onDurable
  }

  /** Keeps the parts of a previous run for which `isKept` returns true. Its record contains whether ETags are MD5. */
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

  /** Removes the parts from this number on, as their content changes. */
  forgetFrom(partNumber: number): void {
    this.#parts.forgetFrom(partNumber)
  }

  /** Resolves when everything set until now is durable. After a failed write every call rejects. */
  save(): Promise<void> {
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      this.#running = this.#write()
      return this.#running
    })
    return this.#next
  }

  /** Resolves when no write is in progress. */
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
