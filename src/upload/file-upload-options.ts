import { checkNames, checkObject } from '../shared/check-option.js'
import type { StoreLimits } from '../stores/store-driver.js'
import { checkUploadOptions, type SendOptions, UPLOAD_OPTION_NAMES, type UploadOptions } from './upload-options.js'

/** Of an upload of known size, whose parts are equal. */
export type FileUploadOptions = Omit<UploadOptions, 'expectedSize' | 'partGrowth'>

/** Throws UploadError where an option is not acceptable. */
export function checkFileUploadOptions(options: FileUploadOptions, limits: StoreLimits): SendOptions {
  const names = UPLOAD_OPTION_NAMES.filter((name) => name !== 'expectedSize' && name !== 'partGrowth')
  checkNames('the upload of a file', checkObject('options', options), names)
  return checkUploadOptions(options, limits)
}
