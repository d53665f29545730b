/**
 * The store: one bucket, with uploads and downloads, and the low-level calls of the service. It checks all arguments.
 * CRC-64 values are decimal text.
 */
import type { Readable } from 'node:stream'
import { checkRange, type DownloadOptions } from '../download/download-options.js'
import type { DownloadResult } from '../download/download-result.js'
import { downloadFile } from '../download/file/download-file.js'
import type { FileDownloadOptions } from '../download/file/file-download-options.js'
import type { Provider } from '../shared/provider.js'
import { isUnclear } from '../stores/integrity/verdict.js'
import type { Presigner } from '../stores/presigner.js'
import { copyOfObjectOptions, type ObjectOptions } from '../stores/object/object-options.js'
import type {
  ByteRange,
  ListedObject,
  ListedPart,
  ListedUpload,
  ObjectHead,
  StoreDriver,
  StoredObject,
  UploadAddress,
} from '../stores/store-driver.js'
import { DownloadStream } from '../stream/download-stream.js'
import { UploadStream } from '../stream/upload-stream.js'
import { UploadTransform } from '../stream/upload-transform.js'
import type { BufferPool } from '../memory/buffer-pool.js'
import { checkPath, pathText } from '../upload/file/file-source.js'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.js'
import { discardCheckpoint } from '../upload/checkpoint/discard.js'
import { uploadFile } from '../upload/file/upload-file.js'
import type { FileUploadOptions } from '../upload/file/file-upload-options.js'
import type { UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import { type CallOptions, contextOf, takeCallOptions } from './call-options.js'
import {
  listedObjects,
  listedParts,
  listedUploads,
  type ObjectsPage,
  objectsPages,
  type PartsPage,
  partsPages,
  type UploadsPage,
  uploadsPages,
} from './listings.js'
import type {
  ListObjectPagesOptions,
  ListObjectsOptions,
  ListPartsOptions,
  ListUploadPagesOptions,
  ListUploadsOptions,
} from './list-options.js'
import { type CompleteOptions, LowLevelMultipart, type UploadPartOptions } from './parts/low-level-multipart.js'
import { verifiedBody } from './bodies/verified-body.js'
import type { PartBody } from './bodies/part-source.js'
import { presign, type PresignOptions } from './presign.js'
import { type PartRange, planParts, type PlanPartsOptions } from './parts/plan-parts.js'
import type { GivenPart, SentPart } from './parts/sent-parts.js'
import { abortStaleUploads, type AbortStaleUploadsOptions, type StaleUploads } from './stale-uploads.js'
import { type UploadBody, uploadBody } from './bodies/upload-body.js'
import { type CommandUploadOptions, uploadCommand } from './upload-command.js'

export interface HeadOptions extends CallOptions {
  /** The key of an object that is encrypted with your own key (SSE-C): `{ customerKey }`. */
  serverSideEncryption?: ObjectOptions['serverSideEncryption']
}

export interface GetOptions extends HeadOptions {
  /** Range of bytes from `start` to `end`, both inclusive; without `end`, to the end. Default: the whole object, verified. */
  range?: ByteRange | undefined
}

/** Properties of an object. */
export type ObjectInfo = ObjectHead

/** An object with a stream of its bytes. */
export interface ObjectContent extends ObjectInfo {
  /**
   * The bytes of the object, verified as they are read: if they are not complete and right, the stream fails with
   * `CHECKSUM_MISMATCH` instead of ending. Must be read or destroyed.
   */
  body: Readable
}

/** A bucket. Its uploads and downloads share connections, credentials and the memory for parts. */
export class ObjectStore {
  readonly #driver: StoreDriver
  readonly #pool: BufferPool
  readonly #lowLevel: LowLevelMultipart
  readonly #presigner: Presigner

  /** @internal Use `openStore()`. */
  constructor(driver: StoreDriver, pool: BufferPool, presigner: Presigner) {
    this.#driver = driver
    this.#pool = pool
    this.#lowLevel = new LowLevelMultipart({ driver, pool })
    this.#presigner = presigner
  }

  /** The service of the bucket. */
  get provider(): Provider {
    return this.#driver.provider
  }

  /** Name of the bucket. */
  get bucket(): string {
    return this.#driver.bucket
  }

  /** Returns the URL of an object, without credentials. Throws UploadError where the key is not acceptable. */
  locationOf(key: string): string {
    return this.#driver.locationOf(this.#key(key))
  }

  /** Returns a Writable whose bytes become the object `key`. Throws UploadError if an option is invalid. */
  createUploadStream(key: string, options?: UploadOptions): UploadStream {
    return new UploadStream({ driver: this.#driver, pool: this.#pool }, key, options)
  }

  /** Returns a pass-through Transform that uploads what flows through it. Throws UploadError if an option is invalid. */
  createUploadTransform(key: string, options?: UploadOptions): UploadTransform {
    return new UploadTransform({ driver: this.#driver, pool: this.#pool }, key, options)
  }

  /**
   * Uploads all of `body`. Resolves when the object is stored and verified; rejects when the failed upload is cleaned up and
   * the source is closed. Do not change the bytes before that. For a Blob, bytes and a string the part size is chosen by
   * their size, and the `type` of a Blob is the default `contentType`. `{ fd }` is a file descriptor of this process, such as
   * `{ fd: 0 }` for standard input: it is read from its position to its end, into the memory of the parts, and closed
   * unless it is 0, 1 or 2.
   */
  async upload(key: string, body: UploadBody, options?: UploadOptions): Promise<UploadResult> {
    return uploadBody((checked) => this.createUploadStream(key, checked), body, options)
  }

  /**
   * Uploads the file at `path`, reading several parts at a time. Resolves when the object is stored and verified; rejects
   * when the failed upload is cleaned up, with `SOURCE_CHANGED` if the file changed meanwhile. Only regular files are
   * accepted. With a `checkpoint`, the same call in this or another process resumes the upload.
   */
  async uploadFile(key: string, path: string | URL, options: FileUploadOptions = {}): Promise<UploadResult> {
    return uploadFile({ driver: this.#driver, pool: this.#pool }, key, checkPath(path), options)
  }

  /**
   * Runs a command, without a shell, and uploads its standard output. The object is only published after the command has
   * exited with status 0 and its output has ended. If the upload fails, or `signal` is aborted, the command gets SIGTERM, and
   * SIGKILL after `graceMs`. Rejects when the command has ended and the failed upload is cleaned up. If it failed, the
   * error is `COMMAND_FAILED` with its `exitCode` or `signal`, and the end of its standard error as `stderr`, if that goes to
   * a function.
   */
  async uploadCommand(
    key: string,
    command: string,
    args: readonly string[] = [],
    options: CommandUploadOptions = {},
  ): Promise<UploadResult> {
    return uploadCommand((checked) => this.createUploadStream(key, checked), command, args, options)
  }

  /** Resolves with the properties of an object. Rejects with `NOT_FOUND` if it does not exist. */
  async head(key: string, options: HeadOptions = {}): Promise<ObjectInfo> {
    const taken = takeCallOptions(options, ['serverSideEncryption'])
    return await this.#driver.headObject(this.#key(key), contextOf(taken), readOptionsOf(taken))
  }

  /** Resolves with an object and a stream of its bytes. Rejects with `NOT_FOUND` if it does not exist. */
  async get(key: string, options: GetOptions = {}): Promise<ObjectContent> {
    const taken = takeCallOptions(options, ['range', 'serverSideEncryption'])
    const context = contextOf(taken)
    const range = taken.range === undefined ? undefined : checkRange(taken.range)
    const {
      body: raw,
      length,
      ...head
    } = await this.#driver.getObject(this.#key(key), range, context, readOptionsOf(taken))
    const checksum = range === undefined ? head.checksum : undefined
    const isCertain = checksum === undefined || !isUnclear(checksum, this.#driver)
    const expected = { size: length, checksum, isCertain }
    const body = verifiedBody(raw, { bucket: this.bucket, key }, expected, context.signal)
    return { ...head, body }
  }

  /**
   * Returns a Readable of an object, which reads several ranges at a time and passes them on in order. It only ends when all
   * bytes are read and verified. Throws UploadError if an option is invalid. Nothing is sent before the stream is read.
   */
  createDownloadStream(key: string, options?: DownloadOptions): DownloadStream {
    return new DownloadStream({ driver: this.#driver, pool: this.#pool }, key, options)
  }

  /**
   * Downloads an object to the file at `path`, several ranges at a time. The file is replaced atomically when all bytes are
   * received and verified; until then it is unchanged. With a `checkpoint`, the same call in this or another process only
   * reads what is missing. If `path` is a link, its target is replaced.
   * @throws {UploadError} `FILE_FAILED` if the file cannot be written or another download is writing it, `SOURCE_CHANGED` if
   * the object was replaced meanwhile, `CHECKSUM_MISMATCH`.
   */
  async downloadFile(key: string, path: string | URL, options: FileDownloadOptions = {}): Promise<DownloadResult> {
    return downloadFile({ driver: this.#driver, pool: this.#pool }, key, pathText(path), options)
  }

  /**
   * Resolves with a link with which anyone can read the object, or store it, without credentials, until it expires. Sends
   * nothing. Treat the link as a password. Rejects with UploadError if an option is invalid.
   */
  async presign(key: string, options: PresignOptions = {}): Promise<string> {
    return presign(this.#presigner, this.#key(key), options)
  }

  /** Deletes an object. Resolves as well if it does not exist. */
  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#driver.deleteObject(this.#key(key), contextOf(takeCallOptions(options, [])))
  }

  /**
   * Returns the objects of the bucket, in the order of the UTF-8 bytes of their keys. Pages of up to 1,000 are requested as
   * they are needed, so any number of objects takes the memory of one page.
   */
  list(options: ListObjectsOptions = {}): AsyncGenerator<ListedObject, void, undefined> {
    return listedObjects(this.#driver, options)
  }

  /** Returns the same page by page, with the groups of a `delimiter`. To continue after a page, pass its `next` as `after`. */
  listPages(options: ListObjectPagesOptions = {}): AsyncGenerator<ObjectsPage, void, undefined> {
    return objectsPages(this.#driver, options)
  }

  /** Initiates a low-level multipart upload with the options of the object. Resolves with the upload ID. */
  async initiateMultipartUpload(key: string, options: ObjectOptions & CallOptions = {}): Promise<string> {
    return this.#lowLevel.initiate(key, options)
  }

  /**
   * Returns the parts of an object of `size` bytes, which several machines may upload: equal parts within the limits of the
   * service, as in `uploadFile()`, each a range with both ends inclusive.
   * @throws {UploadError} INVALID_OPTION if the service does not accept an object of this size.
   */
  planParts(size: number, options: PlanPartsOptions = {}): PartRange[] {
    return planParts(size, options, this.#driver.limits, this.#pool.maxMemory)
  }

  /**
   * Uploads one part, with a number from 1 to 10,000. Uploading the same number again replaces the part. Bytes are sent
   * without a copy, so do not change them before the call settles. A range of a file (`{ path, start, end }`), a Blob and a
   * stream are first read into memory of the store, for which the call may have to wait. A stream requires `length`, and is
   * destroyed on failure. Resolves with the part as `completeMultipartUpload()` needs it: plain JSON, which may be stored or
   * sent to another machine.
   */
  async uploadPart(
    upload: UploadAddress,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions = {},
  ): Promise<SentPart> {
    return this.#lowLevel.uploadPart(upload, partNumber, body, options)
  }

  /**
   * Completes a multipart upload of these parts, in the order of their numbers, which may have gaps. If all parts have the
   * `size` and `crc64` that `uploadPart()` returned, the object is verified, and a lost response is settled by looking at the
   * object, as in other uploads; `checksum` in the result is the checksum by which it was verified.
   * @throws {UploadError} INVALID_OPTION, before anything is sent, if a number occurs twice, a part does not start where the
   * previous one ends, or the parts do not have `expectedSize` bytes in total; CHECKSUM_MISMATCH if the object is not what
   * was sent.
   */
  async completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly GivenPart[],
    options: CompleteOptions = {},
  ): Promise<StoredObject> {
    return this.#lowLevel.complete(upload, parts, options)
  }

  /** Aborts a multipart upload and removes its parts. Resolves as well if it does not exist. */
  async abortMultipartUpload(upload: UploadAddress, options: CallOptions = {}): Promise<void> {
    return this.#lowLevel.abort(upload, options)
  }

  /** Returns the parts of an upload in the order of their numbers. Pages are requested as they are needed. */
  listParts(upload: UploadAddress, options: ListPartsOptions = {}): AsyncGenerator<ListedPart, void, undefined> {
    return listedParts(this.#driver, upload, options)
  }

  /** Returns the same page by page. To continue after a page, pass its `next` as `after`. */
  listPartPages(upload: UploadAddress, options: ListPartsOptions = {}): AsyncGenerator<PartsPage, void, undefined> {
    return partsPages(this.#driver, upload, options)
  }

  /**
   * Returns the unfinished uploads of the bucket in the order of keys, those of one key by upload ID (S3: by time). Pages are
   * requested as they are needed.
   */
  listMultipartUploads(options: ListUploadsOptions = {}): AsyncGenerator<ListedUpload, void, undefined> {
    return listedUploads(this.#driver, options)
  }

  /** Returns the same page by page, with the groups of a `delimiter`. To continue after a page, pass its `next` as `after`. */
  listMultipartUploadPages(options: ListUploadPagesOptions = {}): AsyncGenerator<UploadsPage, void, undefined> {
    return uploadsPages(this.#driver, options)
  }

  /**
   * Aborts the unfinished uploads that were initiated some time ago, by any client, even if they are still in progress. An
   * upload that cannot be aborted does not stop the others. Rejects only if they cannot be listed, or by `signal`.
   */
  async abortStaleUploads(options: AbortStaleUploadsOptions): Promise<StaleUploads> {
    return abortStaleUploads(this.#driver, options)
  }

  /**
   * Discards an upload that was kept: aborts the upload in the checkpoint, and removes the checkpoint. Resolves with whether
   * there was one. Rejects with UploadError if it belongs to another bucket, or is in use.
   */
  async discardCheckpoint(checkpoint: string | CheckpointStore, options: CallOptions = {}): Promise<boolean> {
    return discardCheckpoint(this.#driver, checkpoint, contextOf(takeCallOptions(options, [])))
  }

  /**
   * Closes all connections. Uploads and downloads in progress fail with `CLOSED` at their next request. Resolves when requests
   * in flight have settled. The body of a `get()` may be read to its end; if nothing is read for `timeouts.stallMs`, it fails.
   */
  async close(): Promise<void> {
    await this.#driver.close()
  }

  /** Same as `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #key(key: string): string {
    this.#driver.check(key, {})
    return key
  }
}

/** Copies the options, so that later changes by the caller have no effect. */
function readOptionsOf({ serverSideEncryption }: HeadOptions): HeadOptions {
  return copyOfObjectOptions({ serverSideEncryption })
}
