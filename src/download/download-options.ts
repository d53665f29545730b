import { checkConcurrency, DEFAULT_CONCURRENCY } from '../flow/concurrency.js'
import { KiB, MiB } from '../shared/byte-size.js'
import {
  acceptSignal,
  checkFunction,
  checkInteger,
  checkOneOf,
  checkString,
  takeNested,
} from '../shared/check-option.js'
import { copyOfObjectOptions } from '../stores/object/object-options.js'
import type { ByteRange, ReadOptions } from '../stores/store-driver.js'
import type { DownloadProgress } from './download-progress.js'

/** Options of all downloads. */
export interface ReadingOptions {
  /**
   * Size in bytes of the range of one request: 64 KiB to 5 GiB, and at most `maxMemory` of the store. Default 8 MiB, or less if
   * `concurrency` ranges of that size exceed half of `maxMemory`.
   */
  partSize?: number | undefined
  /**
   * Number of ranges in flight, 1 to 100. Ranges take at most `(concurrency + 1) × partSize` bytes of memory; if other transfers
   * use the memory of the store, fewer are in flight. `'auto'` starts with 5 and finds the best number, up to 32. Default 5.
   */
  concurrency?: number | 'auto' | undefined
  /** Reads this version of the object. Default: the current version. */
  versionId?: string | undefined
  /**
   * `'checksum'`: compares the object with the checksum of the service, or with its ETag if that is the MD5 of the object.
   * `'etag'`: also compares it with an ETag made of the MD5s of parts, if the service returns the sizes of the parts. That
   * takes a request for each part before the first byte, and some 1.4 CPU-seconds per GiB. Default `'checksum'`.
   */
  verify?: 'checksum' | 'etag' | undefined
  /** The key of an object that is encrypted with your own key (SSE-C): `{ customerKey }`. */
  serverSideEncryption?: ReadOptions['serverSideEncryption']
  /** Aborts the download. */
  signal?: AbortSignal | undefined
  /** Called about four times a second while bytes move, and once at the end. A returned promise is awaited. */
  onProgress?: ((progress: DownloadProgress) => void | Promise<void>) | undefined
}

export interface DownloadOptions extends ReadingOptions {
  /** Bytes from `start` to `end`, both inclusive; without `end`, to the end. Default: the whole object, verified. */
  range?: ByteRange | undefined
}

/** Checked options. */
export interface CheckedReading {
  /** Undefined for the default, which depends on the memory of the store. */
  partSize: number | undefined
  concurrency: number | 'auto'
  verify: 'checksum' | 'etag'
  read: ReadOptions
  signal: AbortSignal | undefined
  onProgress: ReadingOptions['onProgress']
}

export const READING_OPTION_NAMES: readonly (keyof ReadingOptions)[] = [
  'partSize',
  'concurrency',
  'versionId',
  'verify',
  'serverSideEncryption',
  'signal',
  'onProgress',
]

export const DOWNLOAD_OPTION_NAMES: readonly (keyof DownloadOptions)[] = [...READING_OPTION_NAMES, 'range']

const SMALLEST_RANGE = 64 * KiB
const USUAL_RANGE = 8 * MiB

/** @throws {UploadError} if an option is invalid. */
export function checkReadingOptions(options: ReadingOptions): CheckedReading {
  const { partSize, concurrency = DEFAULT_CONCURRENCY, versionId, verify = 'checksum' } = options
  const { serverSideEncryption, signal, onProgress } = options
  return {
    partSize:
      partSize === undefined ? undefined : checkInteger('partSize', partSize, SMALLEST_RANGE, 5 * 1024 * MiB, 'bytes'),
    concurrency: checkConcurrency(concurrency),
    verify: checkOneOf('verify', verify, ['checksum', 'etag']),
    read: {
      ...copyOfObjectOptions({ serverSideEncryption }),
      versionId: versionId === undefined ? undefined : checkString('versionId', versionId),
    },
    signal: signal === undefined ? undefined : acceptSignal('signal', signal),
    onProgress: onProgress === undefined ? undefined : checkFunction('onProgress', onProgress),
  }
}

/** @throws {UploadError} if it is no range. */
export function checkRange(range: ByteRange): ByteRange {
  const { start, end }: Partial<ByteRange> = takeNested('range', range, ['start', 'end'])
  const checked = { start: checkInteger('range.start', start, 0, Number.MAX_SAFE_INTEGER, 'bytes') }
  if (end === undefined) return checked
  return { ...checked, end: checkInteger('range.end', end, checked.start, Number.MAX_SAFE_INTEGER, 'bytes') }
}

/** Returns the bytes of a range. @throws {UploadError} if the memory of the store does not hold it. */
export function rangeSizeOf({ partSize, concurrency }: CheckedReading, maxMemory: number): number {
  if (partSize !== undefined)
    return checkInteger('partSize', partSize, SMALLEST_RANGE, maxMemory, 'bytes, of maxMemory')
  const inFlight = concurrency === 'auto' ? DEFAULT_CONCURRENCY : concurrency
  const share = Math.floor(maxMemory / 2 / inFlight / SMALLEST_RANGE) * SMALLEST_RANGE
  return Math.min(USUAL_RANGE, Math.max(SMALLEST_RANGE, share), maxMemory)
}
