/** Downloads an object to a file. An existing file stays as it was until all bytes are received and verified. */
import path from 'node:path'
import { FileLock } from '../../checkpoint/file-lock.js'
import type { DownloadResult } from '../download-result.js'
import type { DownloadHost } from '../range-fetcher.js'
import { DownloadCheckpoint } from './download-checkpoint.js'
import { checkFileDownloadOptions, type FileDownloadOptions } from './file-download-options.js'
import { FileDownload } from './file-download.js'
import { cannotWrite, inUse, resolveTarget } from './target-file.js'

/** Downloads the object. Rejects once no request and no write is in flight. @throws {UploadError} */
export async function downloadFile(
  host: DownloadHost,
  key: string,
  file: string,
  options: FileDownloadOptions,
): Promise<DownloadResult> {
  const checked = checkFileDownloadOptions(options)
  host.driver.check(key, checked.read)
  const target = await resolveTarget(file)
  const { checkpoint } = checked
  const place = checkpoint === true ? target.checkpoint : checkpoint === false ? undefined : path.resolve(checkpoint)
  const lock = new FileLock(target.lock, () => inUse(target))
  try {
    await lock.take()
  } catch (error) {
    throw cannotWrite(target, error)
  }
  const record = place === undefined ? undefined : new DownloadCheckpoint(place)
  try {
    return await new FileDownload(host, key, target, checked, record).run()
  } finally {
    await record?.unlock()
    await lock.release()
  }
}
