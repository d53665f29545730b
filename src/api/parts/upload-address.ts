import { checkObject, checkString, reading } from '../../shared/check-option.js'
import type { StoreDriver, UploadAddress } from '../../stores/store-driver.js'

/** Checks the address. Throws UploadError if the service does not accept the key, or the upload ID is missing. */
export function checkUploadAddress(driver: StoreDriver, upload: UploadAddress): UploadAddress {
  const given = checkObject('upload', upload) as Partial<UploadAddress>
  const key = reading('upload.key', () => given.key) ?? ''
  const uploadId = reading('upload.uploadId', () => given.uploadId)
  driver.check(key, {})
  return { key, uploadId: checkString('uploadId', uploadId) }
}
