/**
 * Converts the checkpoint of `ali-oss`, which its caller keeps. It has no checksums: each listed part is compared with the
 * file by its ETag, which is its MD5, and by its CRC-64 if that is listed.
 */
import { checkInteger, checkObject, checkString, invalidOption } from '../../shared/check-option.js'
import type { ObjectOptions } from '../../stores/object/object-options.js'
import type { StoreDriver } from '../../stores/store-driver.js'
import type { LockableStore } from '../../checkpoint/checkpoint-store.js'
import { fingerprintOf } from './fingerprint.js'
import { isNothing } from './read-checkpoint.js'
import { formatRecord } from './upload-record.js'

/** The checkpoint in `progress(percentage, checkpoint)` of `ali-oss`. */
export interface AliOssCheckpoint {
  /** Not used: the path is an argument of the call. */
  file?: unknown
  /** Key of the object. */
  name: string
  /** Size in bytes when the upload was started. */
  fileSize: number
  /** Size in bytes of every part except the last. */
  partSize: number
  uploadId: string
  doneParts: readonly { number: number; etag: string }[]
}

export function isAliOssCheckpoint(option: object): option is AliOssCheckpoint {
  return 'uploadId' in option || 'doneParts' in option
}

/** Checks a checkpoint. Throws UploadError if it is invalid, or belongs to another object. */
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

/** Starts with the checkpoint of `ali-oss`, unless a record of this library has more of the same upload. Writes to `own`. */
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

  get discardsWrites(): boolean {
    return this.#own === undefined
  }

  async read(): Promise<string | undefined> {
    const text = await this.#own?.read()
    if (this.#isReplaced) return text
    const { name: key, uploadId, partSize } = this.#checkpoint
    // Also applies to an upload started by `ali-oss` and resumed here.
    if (text?.includes(JSON.stringify(uploadId)) === true) return text
    if (!isNothing(text)) await this.#releaseOwn()
    const { provider, bucket, partChecksum } = this.#driver
    const head = {
      provider,
      bucket,
      key,
      location: this.#driver.locationOf(key),
      uploadId,
      partSize,
      // The options of the object were given to `ali-oss`, and are not known here.
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

  /** Keeps the record of another upload, whose upload ID is nowhere else. */
  async #releaseOwn(): Promise<void> {
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
