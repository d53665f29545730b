import { copyOfObjectOptions } from '../../stores/object/object-options.js'
import { FileSource } from './file-source.js'
import { FileUpload } from './file-upload.js'
import { checkFileUploadOptions, type FileUploadOptions, takeFileUploadOptions } from './file-upload-options.js'
import type { UploadHost } from '../upload-observer.js'
import type { UploadResult } from '../upload-result.js'

/**
 * Uploads the file at `path`. Resolves when the object is stored and verified; rejects with the failure when the upload is
 * cleaned up, or kept by a checkpoint.
 */
export async function uploadFile(
  host: UploadHost,
  key: string,
  path: string,
  options: FileUploadOptions,
): Promise<UploadResult> {
  const given = takeFileUploadOptions(options)
  const sendOptions = checkFileUploadOptions(given, key, host.driver)
  const taken = { ...given, ...copyOfObjectOptions(given) }
  host.driver.check(key, taken)
  const file = await FileSource.open(path)
  try {
    const upload = await FileUpload.open(host, key, file, sendOptions, taken)
    return await upload.run()
  } finally {
    await file.close()
  }
}
