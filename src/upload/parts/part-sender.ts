/** Gets one part after the other to the store, or finds that the store has it; what is acknowledged is counted and told. */
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
  /** Aborted when the upload is given up. */
  cancelled: AbortSignal
}

/** A part that is cut. */
export interface CutPart {
  upload: UploadAddress
  partNumber: number
  body: ObjectBody
  /** What the store has that is made of the same bytes. */
  stored: StoredPart | undefined
}

export class PartSender {
  readonly #parts: PartSenderParts
  #gaveUp: Promise<void> | undefined

  constructor(parts: PartSenderParts) {
    this.#parts = parts
  }

  /** Resolves when the part is acknowledged, recorded where it is to be, and told of. */
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
    const told = observer.part(stored === undefined ? facts : { ...facts, resumed: true })
    // What whoever is told takes indefinitely over is no reason not to clean up. It may fail while the part is being recorded.
    const heard = told === undefined ? undefined : Promise.race([told, this.#givenUp()])
    heard?.catch(() => undefined)
    // Until then it counts as in flight: what a crash makes to be sent again stays within `concurrency` parts.
    if (stored?.isRecorded !== true) await checkpoint?.record(partNumber, part, body)
    await heard
  }

  /** Resolves when the upload is given up. One promise for all who ask: most uploads never do. */
  #givenUp(): Promise<void> {
    const signal = this.#parts.cancelled
    this.#gaveUp ??= new Promise((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
    })
    return this.#gaveUp
  }
}
