/**
 * Plans the size of each part. It is `partSize` for the first 1,000 parts, so that almost every upload has equal parts; then
 * it is doubled every 1,000 parts while two such parts fit in `maxMemory`, so that a stream of unknown size may be larger
 * than 10,000 × `partSize`.
 */
import { formatBytes, MiB } from '../../shared/byte-size.js'
import { invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'
import type { StoreLimits } from '../../stores/store-driver.js'

export interface PartPlanOptions {
  /** Bytes. */
  partSize: number
  /** Expected size in bytes, for which a fixed part size is chosen. */
  expectedSize?: number | undefined
  /** If false, all parts except the last have one size, as some services require. */
  partGrowth: boolean
  /** Whether a part may be sent before it is full if memory is short. Default false. */
  shortParts?: boolean
  /** Bytes. */
  maxMemory: number
}

export interface PlannedPart {
  /** Part number, from 1. */
  readonly partNumber: number
  /** Size in bytes, except of the last part. */
  readonly size: number
  /** Smallest size of this part if memory is short; `size` if it must be full. */
  readonly fewest: number
}

/** Number of parts of one size before it is doubled. */
const PARTS_PER_SIZE = 1000

/**
 * Plans the expected size for nine tenths of the part numbers: the stream may be longer, and as many parts may be short for
 * lack of memory.
 */
const SPARE = 0.9

export class PartPlan {
  readonly #limits: StoreLimits
  readonly #firstSize: number
  readonly #largestSize: number
  readonly #shortParts: boolean
  readonly #adviseExpectedSize: boolean

  /** Throws UploadError if no plan fits the limits. */
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
    // The largest possible size may leave no part to spare.
    this.#shortParts = shortParts && (expectedSize ?? 0) <= this.#firstSize * Math.floor(limits.maxParts * SPARE)
    this.#adviseExpectedSize = expectedSize === undefined
  }

  /** Returns the size in bytes of a part that is not the last one. Throws UploadError if there can be no such part. */
  sizeOf(partNumber: number): number {
    if (partNumber > this.#limits.maxParts) throw this.#tooManyParts()
    const doublings = Math.floor((partNumber - 1) / PARTS_PER_SIZE)
    let size = this.#firstSize
    for (let i = 0; i < doublings && size * 2 <= this.#largestSize; i += 1) size *= 2
    return size
  }

  /** Returns the plan of a part. Throws UploadError if there can be no such part. */
  part(partNumber: number): PlannedPart {
    const size = this.sizeOf(partNumber)
    const { maxParts, minPartSize } = this.#limits
    // Only the first parts may be short: they are the smallest, so the stream may still be nearly as long.
    const mayBeShort = this.#shortParts && partNumber <= maxParts - Math.floor(maxParts * SPARE)
    return { partNumber, size, fewest: mayBeShort ? Math.min(minPartSize, size) : size }
  }

  /** Total size in bytes of all possible parts. */
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

/** Returns the smallest part size, in whole MiB and at least `partSize`, for which there are enough parts. */
function sizeForExpected(expectedSize: number, partSize: number, limits: StoreLimits): number {
  const largestObject = Math.min(limits.maxObjectSize, limits.maxParts * limits.maxPartSize)
  if (expectedSize > largestObject) {
    throw invalidOption('expectedSize', expectedSize, `must be at most ${largestObject} bytes`)
  }
  const needed = expectedSize / Math.floor(limits.maxParts * SPARE)
  return needed <= partSize ? partSize : Math.min(Math.ceil(needed / MiB) * MiB, limits.maxPartSize)
}
