/** Plans the parts of a file or device of known size. */
import { MiB } from '../../shared/byte-size.js'
import { checkInteger, takeOptions } from '../../shared/check-option.js'
import type { StoreLimits } from '../../stores/store-driver.js'
import { PartPlan } from '../../upload/parts/part-plan.js'

/** Options of `planParts()`. */
export interface PlanPartsOptions {
  /** Part size in bytes, from the minimum of the service to 5 GiB. Default 8 MiB, or more for very large files. */
  partSize?: number | undefined
}

/** A part to upload, as plain JSON. */
export interface PartRange {
  /** Part number, from 1. */
  partNumber: number
  /** Offset of the first byte, from 0. */
  start: number
  /** Offset of the last byte, inclusive. */
  end: number
}

/** Returns the parts in order. Throws UploadError if the service does not accept an object of this size. */
export function planParts(
  size: number,
  options: PlanPartsOptions,
  limits: StoreLimits,
  maxMemory: number,
): PartRange[] {
  const { partSize = 8 * MiB } = takeOptions('planParts', options, ['partSize'])
  checkInteger('size', size, 1, limits.maxObjectSize, 'bytes')
  checkInteger('partSize', partSize, limits.minPartSize, limits.maxPartSize, 'bytes')
  const bytes = new PartPlan({ partSize, expectedSize: size, partGrowth: false, maxMemory }, limits).sizeOf(1)
  return Array.from({ length: Math.ceil(size / bytes) }, (_, index) => ({
    partNumber: index + 1,
    start: index * bytes,
    end: Math.min(size, (index + 1) * bytes) - 1,
  }))
}
