import {
  acceptSignal,
  checkBoolean,
  checkFunction,
  checkInteger,
  checkOneOf,
  invalidOption,
  takeOptions,
} from '../shared/check-option.js'
import { MiB } from '../shared/byte-size.js'
import { checkCallbacks } from '../shared/event-callbacks.js'
import { OBJECT_OPTION_NAMES, type ObjectOptions } from '../stores/object/object-options.js'
import type { StoreLimits } from '../stores/store-driver.js'
import { checkpointStoreOf } from './checkpoint/checkpoint-option.js'
import type { CheckpointStore, LockableStore } from '../checkpoint/checkpoint-store.js'
import { checkConcurrency, DEFAULT_CONCURRENCY } from '../flow/concurrency.js'
import { checkInspector, type Inspector } from './inspection.js'
import type { UploadProgress } from './progress.js'
import { UPLOAD_CALLBACKS, type UploadCallbacks } from './upload-callbacks.js'

export interface UploadOptions extends ObjectOptions, UploadCallbacks {
  /** Part size in bytes: 102,400 (on OSS) to 5 GiB, and at most `maxMemory` of the store. Default 8 MiB. */
  partSize?: number | undefined
  /**
   * Number of parts in flight, 1 to 100. Parts take `(concurrency + 1) × partSize` bytes of memory, more if they grow, and
   * at most `maxMemory` of the store. `'auto'` starts with 5 and finds the best number, up to 32, within half of `maxMemory` of the store. Default 5.
   */
  concurrency?: number | 'auto' | undefined
  /** Expected size in bytes, used to choose the part size. The stream may be shorter, or up to a tenth longer. */
  expectedSize?: number | undefined
  /** Exact size in bytes. If the stream has fewer (`INCOMPLETE`) or more (`TOO_LARGE`), nothing is published. */
  size?: number | undefined
  /** Largest accepted size in bytes. If the stream has more (`TOO_LARGE`), nothing is published. */
  maxSize?: number | undefined
  /** Whether part sizes grow after the first 1,000 parts. Set to false for services that require equal parts. Default true. */
  partGrowth?: boolean | undefined
  /**
   * Path of a file that records the progress, or a store of your own. After a crash, the same upload, started again with the
   * same checkpoint, only sends the missing parts. All bytes must be written again, but see `resume`.
   */
  checkpoint?: string | CheckpointStore | undefined
  /**
   * `'replay'`: write all bytes again; parts that are stored already are not sent. `'offset'`: write the bytes from
   * `upload.resumeFrom` on, which must be awaited first; earlier bytes are not compared. Default `'replay'`.
   */
  resume?: 'replay' | 'offset' | undefined
  /**
   * Receives all bytes in order, and their end, before anything is published: for a checksum of your own, or to refuse
   * incomplete content. If it throws, the upload fails. Not with `resume: 'offset'`.
   */
  inspect?: Inspector | undefined
  /** Aborts the upload. With a `checkpoint` the parts are kept, to be resumed. */
  signal?: AbortSignal | undefined
  /** Called about four times a second while bytes move, and once at the end. A returned promise is awaited. */
  onProgress?: ((progress: UploadProgress) => void | Promise<void>) | undefined
}

/** The options of the upload itself. The driver checks those of the object. */
export interface SendOptions {
  partSize: number
  concurrency: number | 'auto'
  expectedSize: number | undefined
  size: number | undefined
  maxSize: number | undefined
  partGrowth: boolean
  checkpoint: LockableStore | undefined
  resume: 'replay' | 'offset'
  inspect: Inspector | undefined
  signal: AbortSignal | undefined
  onProgress: UploadOptions['onProgress']
}

export const UPLOAD_OPTION_NAMES: readonly (keyof UploadOptions)[] = [
  ...OBJECT_OPTION_NAMES,
  ...(Object.keys(UPLOAD_CALLBACKS) as (keyof UploadCallbacks)[]),
  'partSize',
  'concurrency',
  'expectedSize',
  'size',
  'maxSize',
  'partGrowth',
  'checkpoint',
  'resume',
  'inspect',
  'signal',
  'onProgress',
]

/** Returns a copy of the options of a call, whose values are not checked. Throws UploadError. */
export function takeUploadOptions(options: UploadOptions): UploadOptions {
  return takeOptions('an upload', options, UPLOAD_OPTION_NAMES)
}

/** Checks the options and adds the defaults. Throws UploadError if one is invalid. */
export function checkUploadOptions(options: UploadOptions, limits: StoreLimits): SendOptions {
  const { partSize = 8 * MiB, concurrency = DEFAULT_CONCURRENCY, partGrowth = true, signal } = options
  const { checkpoint, resume = 'replay', inspect, onProgress } = options
  checkCallbacks<UploadCallbacks>(options, UPLOAD_CALLBACKS)
  return {
    partSize: checkInteger('partSize', partSize, limits.minPartSize, limits.maxPartSize, 'bytes'),
    concurrency: checkConcurrency(concurrency),
    // The parts of a known size can be planned.
    expectedSize: checkSize('expectedSize', options.expectedSize, limits) ?? checkSize('size', options.size, limits),
    size: checkSize('size', options.size, limits),
    maxSize: checkSize('maxSize', options.maxSize, limits),
    partGrowth: checkBoolean('partGrowth', partGrowth),
    checkpoint: checkpoint === undefined ? undefined : checkpointStoreOf(checkpoint),
    resume: checkResume(resume, checkpoint, inspect),
    inspect: inspect === undefined ? undefined : checkInspector(inspect),
    signal: signal === undefined ? undefined : acceptSignal('signal', signal),
    onProgress: onProgress === undefined ? undefined : checkFunction('onProgress', onProgress),
  }
}

function checkSize(name: string, value: number | undefined, limits: StoreLimits): number | undefined {
  return value === undefined ? undefined : checkInteger(name, value, 0, limits.maxObjectSize, 'bytes')
}

function checkResume(resume: unknown, checkpoint: unknown, inspect: unknown): SendOptions['resume'] {
  const checked = checkOneOf('resume', resume, ['replay', 'offset'])
  if (checked === 'offset' && checkpoint === undefined) {
    throw invalidOption('resume', resume, 'must be left out without a checkpoint')
  }
  if (checked === 'offset' && inspect !== undefined) {
    throw invalidOption('resume', resume, `must be 'replay' with inspect, which needs all bytes`)
  }
  return checked
}
