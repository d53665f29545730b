import { checkBoolean, takeOptions } from '../../shared/check-option.js'
import { checkCallbacks } from '../../shared/event-callbacks.js'
import { OBJECT_OPTION_NAMES, type ObjectOptions } from '../../stores/object/object-options.js'
import type { StoreDriver } from '../../stores/store-driver.js'
import {
  checkFileCheckpoint,
  type FileCheckpoint,
  type FileCheckpointOption,
} from '../checkpoint/file/file-checkpoint.js'
import { UPLOAD_CALLBACKS, type UploadCallbacks } from '../upload-callbacks.js'
import { checkUploadOptions, type SendOptions, type UploadOptions } from '../upload-options.js'

export interface FileUploadOptions
  extends
    ObjectOptions,
    UploadCallbacks,
    Pick<UploadOptions, 'partSize' | 'concurrency' | 'inspect' | 'signal' | 'onProgress'> {
  /**
   * Where progress is recorded, so that the same call, made again after a crash or a failure, sends only what is
   * missing. The path of a file, a store of your own, or the checkpoint of an upload that `ali-oss` started. Default
   * true: a file in the user's folder for the state of programs, and none where that cannot be written to. False: none;
   * then a failure aborts the upload.
   */
  checkpoint?: FileCheckpointOption | undefined
  /**
   * Compare each part that the store has with the file, so that only those that changed are sent. Default true. False
   * trusts a file of the same size and time of change without reading it; any other is sent from the start.
   */
  checkContent?: boolean | undefined
}

/** The checked options. */
export interface FileSendOptions extends SendOptions {
  fileCheckpoint: FileCheckpoint
  checkContent: boolean
}

const NAMES: readonly (keyof FileUploadOptions)[] = [
  ...OBJECT_OPTION_NAMES,
  ...(Object.keys(UPLOAD_CALLBACKS) as (keyof UploadCallbacks)[]),
  'partSize',
  'concurrency',
  'checkpoint',
  'checkContent',
  'inspect',
  'signal',
  'onProgress',
]

/** Returns a copy of the options of a call, whose values are not checked. Throws UploadError. */
export function takeFileUploadOptions(options: FileUploadOptions): FileUploadOptions {
  return takeOptions('the upload of a file', options, NAMES)
}

/** Throws UploadError if an option is invalid. */
export function checkFileUploadOptions(options: FileUploadOptions, key: string, driver: StoreDriver): FileSendOptions {
  checkCallbacks<UploadCallbacks>(options, UPLOAD_CALLBACKS)
  const { partSize, concurrency, inspect, signal, onProgress, checkpoint, checkContent = true } = options
  return {
    ...checkUploadOptions({ partSize, concurrency, inspect, signal, onProgress }, driver.limits),
    fileCheckpoint: checkFileCheckpoint(checkpoint, key, driver),
    checkContent: checkBoolean('checkContent', checkContent),
  }
}
