import {
  acceptSignal,
  checkBoolean,
  checkFunction,
  checkInteger,
  checkNames,
  checkObject,
  checkOneOf,
  invalidOption,
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
  /** Bytes of a part: 102,400 (on OSS) to 5 GiB, and no more than `maxMemory` of the store. Default 8 MiB. */
  partSize?: number | undefined
  /**
   * Parts in flight, 1 to 100. Memory for parts is at most `(concurrency + 1) × partSize`. `'auto'` begins with 5 and finds
   * out how many are best: up to 32, in half of `maxMemory` of the store. Default 5.
   */
  concurrency?: number | 'auto' | undefined
  /** Bytes that the stream is expected to have; it may have fewer, and a tenth more. Chooses one part size that fits. */
  expectedSize?: number | undefined
  /** Bytes that the stream must have: with fewer (`INCOMPLETE`) or more (`TOO_LARGE`) nothing is published. */
  size?: number | undefined
  /** The most bytes that are accepted: with more (`TOO_LARGE`) nothing is published. */
  maxSize?: number | undefined
  /** Let parts grow after the first 1,000. Default true. False for services that demand equal parts. */
  partGrowth?: boolean | undefined
  /**
   * Where progress is recorded, so that the same upload, run again after a crash, sends only what is missing: the path of
   * a file, or a place of your own. The bytes are written again from the first on, see `resume`.
   */
  checkpoint?: string | CheckpointStore | undefined
  /**
   * Default `'replay'`: all bytes are written again, and those that the store has are not sent. `'offset'`: the bytes
   * written begin at `upload.resumeFrom`, which must be asked first; what is before them is not looked at again.
   */
  resume?: 'replay' | 'offset' | undefined
  /**
   * Looks at all bytes in order, and at their end, before anything is published: a checksum of your own, or a refusal of
   * what is not complete. What it throws fails the upload. Not with `resume: 'offset'`.
   */
  inspect?: Inspector | undefined
  /** Aborts the upload. With a `checkpoint` it is kept. */
  signal?: AbortSignal | undefined
  /** Called about four times a second while something moves, and once at the end. A promise is waited for. */
  onProgress?: ((progress: UploadProgress) => void | Promise<void>) | undefined
}

/** The options that say how to send; what the object is to be is the driver's to check. */
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

const UPLOAD_OPTION_NAMES: readonly (keyof UploadOptions)[] = [
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

/** Throws UploadError where an option is not acceptable. */
export function checkUploadOptions(options: UploadOptions, limits: StoreLimits): SendOptions {
  checkNames('an upload', checkObject('options', options), UPLOAD_OPTION_NAMES)
  const { partSize = 8 * MiB, concurrency = DEFAULT_CONCURRENCY, partGrowth = true, signal } = options
  const { checkpoint, resume = 'replay', inspect, onProgress } = options
  checkCallbacks<UploadCallbacks>(options, UPLOAD_CALLBACKS)
  return {
    partSize: checkInteger('partSize', partSize, limits.minPartSize, limits.maxPartSize, 'bytes'),
    concurrency: checkConcurrency(concurrency),
    // Of a size that is known the parts can be planned.
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
