/** Uploads parts, or skips those that the store already has; records and reports each acknowledgement. */
import { formatCrc64 } from '../../checksum/decimal.js'
import type { ObjectBody } from '../../stores/object/object-body.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { CallContext, StoreDriver, UploadAddress } from '../../stores/store-driver.js'
import type { Checkpoint } from '../checkpoint/checkpoint.js'
import type { StoredPart } from '../checkpoint/part-proof.js'
import type { Concurrency } from '../../flow/concurrency.js'
import type { PartsLedger } from './parts-ledger.js'
import type { ProgressMeter } from '../progress.js'
import type { UploadObserver } from '../upload-observer.js'

export interface PartSenderParts {
  driver: StoreDriver
  objectOptions: ObjectOptions
  concurrency: Concurrency
  meter: ProgressMeter
  checkpoint: Checkpoint | undefined
  observer: UploadObserver
  context: () => CallContext
  /** Aborted when the upload is aborted. */
  cancelled: AbortSignal
}

/** A complete part, to be sent. */
export interface CutPart {
  upload: UploadAddress
  partNumber: number
  body: ObjectBody
  /** The receipt of a stored part with the same bytes, if any. */
  stored: StoredPart | undefined
}

export class PartSender {
  readonly #parts: PartSenderParts
  #abortPromise: Promise<void> | undefined

  constructor(parts: PartSenderParts) {
    this.#parts = parts
  }

  /** Resolves when the part is acknowledged, written to the checkpoint (if any), and reported to listeners. */
  async send({ upload, partNumber, body, stored }: CutPart, ledger: PartsLedger): Promise<void> {
    const { driver, objectOptions, concurrency, meter, checkpoint, observer, context } = this.#parts
    const { crc64, size } = body
    const receipt = stored ?? (await driver.uploadPart({ ...upload, partNumber, body }, objectOptions, context()))
    const { etag, checksum } = receipt
    const part = { etag, checksum, size, crc64 }
    ledger.record(partNumber, part)
    if (stored === undefined) concurrency.completed(size, meter.blockedMs)
    else meter.resume(1, size)
    const facts = { partNumber, size, etag, crc64: formatCrc64(crc64) }
    const listening = observer.part(stored === undefined ? facts : { ...facts, resumed: true })
    // Do not wait for a listener that never settles: stop waiting when the upload is aborted. It may also reject while the
    // checkpoint is being written.
    const listenerDone = listening === undefined ? undefined : Promise.race([listening, this.#aborted()])
    listenerDone?.catch(() => undefined)
    // Until then the part counts as in flight, so that a crash costs at most `concurrency` parts.
    if (stored?.isRecorded !== true) await checkpoint?.record(partNumber, part, body)
    await listenerDone
  }

  /** Resolves when the upload is aborted. All parts share one promise, which most uploads never need. */
  #aborted(): Promise<void> {
    const signal = this.#parts.cancelled
    this.#abortPromise ??= new Promise((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    return this.#abortPromise
  }
}
