import { checkObject, checkString } from '../shared/check-option.js'
import type { StoreDriver, UploadAddress } from '../stores/store-driver.js'

/** Throws UploadError where the key is not acceptable to the service, or the upload id is missing. */
export function checkUploadAddress(driver: StoreDriver, upload: UploadAddress): UploadAddress {
  const { key = '', uploadId } = checkObject('upload', upload) as Partial<UploadAddress>
  driver.check(key, {})
  return { key, uploadId: checkString('uploadId', uploadId) }
}
