import { checkNames, checkObject } from '../shared/check-option.js'
import type { StoreLimits } from '../stores/store-driver.js'
import { checkUploadOptions, type SendOptions, UPLOAD_OPTION_NAMES, type UploadOptions } from './upload-options.js'

const NOT_OF_FILES = ['expectedSize', 'partGrowth', 'checkpoint', 'resume'] as const

/** Of an upload of known size, whose parts are equal. */
export type FileUploadOptions = Omit<UploadOptions, (typeof NOT_OF_FILES)[number]>

/** Throws UploadError where an option is not acceptable. */
export function checkFileUploadOptions(options: FileUploadOptions, limits: StoreLimits): SendOptions {
  const names = UPLOAD_OPTION_NAMES.filter((name) => !NOT_OF_FILES.some((other) => other === name))
  checkNames('the upload of a file', checkObject('options', options), names)
  return checkUploadOptions(options, limits)
}
