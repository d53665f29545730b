/**
 * The checkpoint of `ali-oss`, which its caller keeps and hands back. It has no checksums of its own: each part that the
 * service lists is compared with the file by its MD5, which its ETag is, and by the CRC-64 where one is listed.
 */
import { checkInteger, checkObject, checkString, invalidOption } from '../../shared/check-option.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { StoreDriver } from '../../stores/store-driver.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { fingerprintOf } from './fingerprint.js'
import { isNothing } from './read-checkpoint.js'
import { formatRecord } from './record.js'

/** What `progress(percentage, checkpoint)` of `ali-oss` gets. */
export interface AliOssCheckpoint {
  /** Not used: the path is given with the call. */
  file?: unknown
  /** The object's key. */
  name: string
  /** Bytes, when the upload was begun. */
  fileSize: number
  /** Bytes of every part but the last. */
  partSize: number
  uploadId: string
  doneParts: readonly { number: number; etag: string }[]
}

export function isAliOssCheckpoint(option: object): option is AliOssCheckpoint {
  return 'uploadId' in option || 'doneParts' in option
}

/** Throws UploadError where it is none, or one of another object. */
export function checkAliOssCheckpoint(
  checkpoint: AliOssCheckpoint,
  key: string,
  driver: StoreDriver,
): AliOssCheckpoint {
  const { name, fileSize, partSize, uploadId, doneParts } = checkpoint
  const { minPartSize, maxPartSize, maxObjectSize, maxParts } = driver.limits
  if (checkString('checkpoint.name', name) !== key) {
    throw invalidOption('checkpoint.name', name, `must be the key of this upload, ${JSON.stringify(key)}`)
  }
  checkString('checkpoint.uploadId', uploadId)
  checkInteger('checkpoint.fileSize', fileSize, 0, maxObjectSize, 'bytes')
  checkInteger('checkpoint.partSize', partSize, minPartSize, maxPartSize, 'bytes')
  if (!Array.isArray(doneParts)) throw invalidOption('checkpoint.doneParts', doneParts, 'must be a list of parts')
  for (const part of doneParts as unknown[]) {
    const { number, etag } = checkObject('checkpoint.doneParts', part)
    checkInteger('checkpoint.doneParts.number', number, 1, maxParts)
    checkString('checkpoint.doneParts.etag', etag)
  }
  return checkpoint
}

/** Begins with what `ali-oss` told, unless a record of this library says more of the same upload; writes to `own`. */
export class ConvertedCheckpoint implements LockableStore {
  readonly name = 'the checkpoint of ali-oss'
  readonly #checkpoint: AliOssCheckpoint
  readonly #driver: StoreDriver
  readonly #options: ObjectOptions
  #own: LockableStore | undefined
  #isReplaced = false

  constructor(
    checkpoint: AliOssCheckpoint,
    driver: StoreDriver,
    options: ObjectOptions,
    own: LockableStore | undefined,
  ) {
    this.#checkpoint = checkpoint
    this.#driver = driver
    this.#options = options
    this.#own = own
  }

  get isNowhere(): boolean {
    return this.#own === undefined
  }

  async read(): Promise<string | undefined> {
    const text = await this.#own?.read()
    if (this.#isReplaced) return text
    const { name: key, uploadId, partSize } = this.#checkpoint
    // Of an upload that was begun with `ali-oss` as well, and gone on with here.
    if (text?.includes(JSON.stringify(uploadId)) === true) return text
    if (!isNothing(text)) await this.#leaveOwn()
    const { provider, bucket, partChecksum } = this.#driver
    const head = {
      provider,
      bucket,
      key,
      location: this.#driver.locationOf(key),
      uploadId,
      partSize,
      // What the object is to be was said when the upload began; nobody knows it here.
      options: await fingerprintOf(this.#options),
      ...(partChecksum === undefined ? {} : { checksum: partChecksum }),
      etagsAreMd5: true,
    }
    return formatRecord(head, [])
  }

  async write(text: string): Promise<void> {
    this.#isReplaced = true
    await this.#own?.write(text)
  }

  async remove(): Promise<void> {
    this.#isReplaced = true
    await this.#own?.remove()
  }

  /** The record of another upload stays: without it nobody would know of that one. */
  async #leaveOwn(): Promise<void> {
    const own = this.#own
    this.#own = undefined
    await own?.unlock()
  }

  async lock(): Promise<void> {
    await this.#own?.lock()
  }

  async unlock(): Promise<void> {
    await this.#own?.unlock()
  }
}
