/**
 * How large each part is. Fixed at `partSize` for the first 1,000 parts, so that almost every upload has equal ones;
 * then doubled every further 1,000 while two such parts fit in `maxMemory`, so that a stream whose size nobody knows
 * is not stopped at 10,000 × `partSize`.
 */
import { formatBytes, MiB } from '../shared/byte-size.js'
import { invalidOption } from '../shared/check-option.js'
import { UploadError } from '../shared/errors.js'
import type { StoreLimits } from '../stores/store-driver.js'

export interface PartPlanOptions {
  /** Bytes. */
  partSize: number
  /** Bytes; one fixed part size is chosen for it. */
  expectedSize?: number | undefined
  /** False keeps every part but the last at one size, as some services demand. */
  partGrowth: boolean
  /** Whether a part may be sent before it is full where memory is short. Default false. */
  shortParts?: boolean
  /** Bytes. */
  maxMemory: number
}

export interface PlannedPart {
  /** 1-based. */
  readonly partNumber: number
  /** Bytes, unless it is the last. */
  readonly size: number
  /** The fewest bytes that may be sent as this part where memory is short; `size` where it must have that. */
  readonly fewest: number
}

/** Parts of one size before it is doubled. */
const PARTS_PER_SIZE = 1000

/**
 * Nine tenths of the part numbers are enough for what is expected: a stream may turn out longer, and as many parts
 * may be short for want of memory.
 */
const SPARE = 0.9

export class PartPlan {
  readonly #limits: StoreLimits
  readonly #firstSize: number
  readonly #largestSize: number
  readonly #shortParts: boolean
  readonly #adviseExpectedSize: boolean

  /** Throws UploadError where no plan fits the limits. */
  constructor(options: PartPlanOptions, limits: StoreLimits) {
    const { partSize, expectedSize, partGrowth, shortParts = false, maxMemory } = options
    this.#limits = limits
    this.#firstSize = expectedSize === undefined ? partSize : sizeForExpected(expectedSize, partSize, limits)
    if (this.#firstSize > maxMemory) {
      const what = expectedSize === undefined ? 'partSize' : `the part size for expectedSize ${expectedSize}`
      throw invalidOption(what, this.#firstSize, `must be at most maxMemory of the store, ${maxMemory} bytes`)
    }
    const mayGrow = partGrowth && expectedSize === undefined
    this.#largestSize = mayGrow
      ? Math.max(this.#firstSize, Math.min(maxMemory / 2, limits.maxPartSize))
      : this.#firstSize
    // The largest size there is may leave no part to spare.
    this.#shortParts = shortParts && (expectedSize ?? 0) <= this.#firstSize * Math.floor(limits.maxParts * SPARE)
    this.#adviseExpectedSize = expectedSize === undefined
  }

  /** Bytes of a part, unless it is the last. Throws UploadError when there can be no such part. */
  sizeOf(partNumber: number): number {
    if (partNumber > this.#limits.maxParts) throw this.#tooManyParts()
    const doublings = Math.floor((partNumber - 1) / PARTS_PER_SIZE)
    let size = this.#firstSize
    for (let i = 0; i < doublings && size * 2 <= this.#largestSize; i += 1) size *= 2
    return size
  }

  /** Throws UploadError when there can be no such part. */
  part(partNumber: number): PlannedPart {
    const size = this.sizeOf(partNumber)
    const { maxParts, minPartSize } = this.#limits
    // Only the first ones may be short: they are the smallest, so that the stream may still be nearly as long.
    const mayBeShort = this.#shortParts && partNumber <= maxParts - Math.floor(maxParts * SPARE)
    return { partNumber, size, fewest: mayBeShort ? Math.min(minPartSize, size) : size }
  }

  /** Bytes of all parts that there can be. */
  get capacity(): number {
    const { maxParts } = this.#limits
    let bytes = 0
    for (let first = 1; first <= maxParts; first += PARTS_PER_SIZE) {
      bytes += this.sizeOf(first) * Math.min(PARTS_PER_SIZE, maxParts - first + 1)
    }
    return bytes
  }

  #tooManyParts(): UploadError {
    const { maxParts } = this.#limits
    return new UploadError(
      'TOO_MANY_PARTS',
      `the stream is longer than ${formatBytes(this.capacity)}, which is all that ${maxParts} parts of these sizes hold: ${this.#advice}`,
    )
  }

  get #advice(): string {
    if (this.#firstSize === this.#limits.maxPartSize) {
      return 'the service takes no larger ones, so the stream must be stored as several objects'
    }
    return this.#adviseExpectedSize
      ? 'set expectedSize to the size you expect, or a larger partSize, or a larger maxMemory of the store'
      : 'set expectedSize to at least the size of the stream'
  }
}

/** The smallest whole number of MiB, and at least `partSize`, of which there are parts enough. */
function sizeForExpected(expectedSize: number, partSize: number, limits: StoreLimits): number {
  const largestObject = Math.min(limits.maxObjectSize, limits.maxParts * limits.maxPartSize)
  if (expectedSize > largestObject) {
    throw invalidOption('expectedSize', expectedSize, `must be at most ${largestObject} bytes`)
  }
  const needed = expectedSize / Math.floor(limits.maxParts * SPARE)
  return needed <= partSize ? partSize : Math.min(Math.ceil(needed / MiB) * MiB, limits.maxPartSize)
}
