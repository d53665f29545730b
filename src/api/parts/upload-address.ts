import { checkObject, checkString } from '../../shared/check-option.js'
import type { StoreDriver, UploadAddress } from '../../stores/store-driver.js'

/** Checks the address. Throws UploadError if the service does not accept the key, or the upload ID is missing. */
export function checkUploadAddress(driver: StoreDriver, upload: UploadAddress): UploadAddress {
  const { key = '', uploadId } = checkObject('upload', upload) as Partial<UploadAddress>
  driver.check(key, {})
  return { key, uploadId: checkString('uploadId', uploadId) }
}
