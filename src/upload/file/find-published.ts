/** Finds the object of an upload that was completed, but whose response was lost with the process. */
import { combineCrc64 } from '../../checksum/combine.js'
import type { PartBuffer } from '../../checksum/crc64.js'
import { UploadError } from '../../shared/errors.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import { compareObject } from '../../stores/integrity/verdict.js'
import type { CheckpointRecord, RecordedPart } from '../checkpoint/upload-record.js'
import { hasOtherOptions } from '../publish/object-origin.js'
import type { PublishedObject } from '../publish/published-object.js'
import type { UploadHost } from '../upload-observer.js'

/**
 * Resolves with the object under the key of the record, if the record has all parts of a file of `size` bytes and the object
 * is made of them. `read` returns a part of the current file, which goes back to the pool; without it the record is trusted.
 */
export async function findPublished(
  record: CheckpointRecord,
  size: number,
  read: ((partNumber: number) => Promise<PartBuffer>) | undefined,
  { driver, pool }: UploadHost,
  options: ObjectOptions,
  signal: AbortSignal,
): Promise<PublishedObject | undefined> {
  const { key, uploadId, parts } = record
  if (!coversAll(parts, size)) return undefined
  const crc64 = parts.reduce((whole, part) => combineCrc64(whole, part.crc64, part.size), 0n)
  // One request first, as reading the file costs more.
  const stored = await headOf(() => driver.headObject(key, { signal }, options))
  if (stored === undefined) return undefined
  const { verdict } = await compareObject(stored, { size, crc64, uploadId, parts }, driver)
  if (verdict !== 'match' || hasOtherOptions(stored, options)) return undefined
  // The same bytes from another upload may have other options.
  if (stored.uploadId !== undefined && stored.uploadId !== uploadId) return undefined
  for (const part of read === undefined ? [] : parts) {
    const buffer = await read?.(part.partNumber)
    if (buffer === undefined) continue
    const isSame = buffer.length === part.size && buffer.digest() === part.crc64
    pool.release(buffer)
    if (!isSame) return undefined
  }
  return { stored, size, crc64, parts: parts.length }
}

function coversAll(parts: readonly RecordedPart[], size: number): boolean {
  const bytes = parts.reduce((sum, part) => sum + part.size, 0)
  return bytes === size && parts.every(({ partNumber }, index) => partNumber === index + 1)
}

/** Returns undefined if there is no object, or no permission to look. */
async function headOf<T>(head: () => Promise<T>): Promise<T | undefined> {
  try {
    return await head()
  } catch (error) {
    if (error instanceof UploadError && (error.code === 'NOT_FOUND' || error.code === 'ACCESS_DENIED')) return undefined
    throw error
  }
}
