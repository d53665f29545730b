/**
 * What users hold: one bucket, with uploads as streams and the calls of the service by hand. It checks what comes in
 * from outside; what it hands out has CRC-64 values as decimal text.
 */
import type { Readable } from 'node:stream'
import { crc64Engine } from '../checksum/engine.js'
import { CredentialsSource } from '../credentials/credentials-source.js'
import { BandwidthLimiter } from '../http/bandwidth-limiter.js'
import { checkRange, type DownloadOptions } from '../download/download-options.js'
import type { DownloadResult } from '../download/download-result.js'
import { downloadFile } from '../download/file/download-file.js'
import type { FileDownloadOptions } from '../download/file/file-download-options.js'
import { Transport } from '../http/transport.js'
import type { Provider } from '../shared/provider.js'
import { isUnclear } from '../stores/integrity/verdict.js'
import { MultipartApi } from '../stores/multipart-api.js'
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
import { BufferPool } from '../memory/buffer-pool.js'
import { checkPath, pathText } from '../upload/file/file-source.js'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.js'
import { discardCheckpoint } from '../upload/checkpoint/discard.js'
import { uploadFile } from '../upload/file/upload-file.js'
import type { FileUploadOptions } from '../upload/file/file-upload-options.js'
import type { UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import { type CallOptions, contextOf } from './call-options.js'
import {
  listedObjects,
  listedParts,
  listedUploads,
  type ListObjectPagesOptions,
  type ListObjectsOptions,
  type ListPartsOptions,
  type ListUploadPagesOptions,
  type ListUploadsOptions,
  type ObjectsPage,
  objectsPages,
  type PartsPage,
  partsPages,
  type UploadsPage,
  uploadsPages,
} from './listings.js'
import { type CompleteOptions, MultipartByHand, type UploadPartOptions } from './multipart-by-hand.js'
import { objectBody } from './verified-body.js'
import type { PartBody } from './part-source.js'
import { type PartRange, planParts, type PlanPartsOptions } from './plan-parts.js'
import type { GivenPart, SentPart } from './sent-parts.js'
import { abortStaleUploads, type AbortStaleUploadsOptions, type StaleUploads } from './stale-uploads.js'
import { type UploadBody, uploadBody } from './upload-body.js'
import { type CommandUploadOptions, uploadCommand } from './upload-command.js'
import { resolveStoreOptions, type StoreOptions } from './store-options.js'

export interface HeadOptions extends CallOptions {
  /** The key of an object that was encrypted with one of yours: `{ customerKey }`. */
  serverSideEncryption?: ObjectOptions['serverSideEncryption']
}

export interface GetOptions extends HeadOptions {
  /** Bytes from `start` to `end`, both inclusive; without `end`, to the end. Default: the whole object, verified. */
  range?: ByteRange | undefined
}

/** What the service knows of an object. */
export type ObjectInfo = ObjectHead

/** An object that is being read. */
export interface ObjectContent extends ObjectInfo {
  /**
   * The object's bytes. The whole object is verified as it is read: the stream fails with `CHECKSUM_MISMATCH` instead
   * of ending when it was not all of it. To be read or destroyed.
   */
  body: Readable
}

/** One bucket. Its uploads share connections, credentials and the memory for parts. */
export class ObjectStore {
  readonly #driver: StoreDriver
  readonly #pool: BufferPool
  readonly #byHand: MultipartByHand

  /** @internal To be opened with `openStore()`. */
  constructor(driver: StoreDriver, pool: BufferPool) {
    this.#driver = driver
    this.#pool = pool
    this.#byHand = new MultipartByHand({ driver, pool })
  }

  /** The service it is of. */
  get provider(): Provider {
    return this.#driver.provider
  }

  /** The bucket's name. */
  get bucket(): string {
    return this.#driver.bucket
  }

  /** A Writable whose bytes become the object `key`. Throws UploadError where an option is not acceptable. */
  createUploadStream(key: string, options?: UploadOptions): UploadStream {
    return new UploadStream({ driver: this.#driver, pool: this.#pool }, key, options)
  }

  /** A pass-through that uploads what flows through it. Throws UploadError where an option is not acceptable. */
  createUploadTransform(key: string, options?: UploadOptions): UploadTransform {
    return new UploadTransform({ driver: this.#driver, pool: this.#pool }, key, options)
  }

  /**
   * Uploads all of `body`. Resolves when the object is stored and verified; rejects when nothing is left behind and the
   * source is over. Bytes are not to be changed before that. A Blob, bytes and a string choose the part size by their
   * own size, and a Blob its `type` as `contentType`. `{ fd }` is a file descriptor of this process, such as `{ fd: 0 }` for
   * standard input: it is read from where it stands to its end, straight into the memory of the parts, and closed unless
   * it is 0, 1 or 2.
   */
  async upload(key: string, body: UploadBody, options?: UploadOptions): Promise<UploadResult> {
    return uploadBody((checked) => this.createUploadStream(key, checked), body, options)
  }

  /**
   * Uploads the file at `path`, reading several of its parts at a time. Resolves when the object is stored and verified;
   * rejects when all has settled: with `SOURCE_CHANGED` when the file changed meanwhile. What is no regular file is refused.
   * The same call made again, in this process or another one, goes on where it ended: see `checkpoint`.
   */
  async uploadFile(key: string, path: string | URL, options: FileUploadOptions = {}): Promise<UploadResult> {
    return uploadFile({ driver: this.#driver, pool: this.#pool }, key, checkPath(path), options)
  }

  /**
   * Runs a command without a shell and uploads what it writes on standard output. The object is published only when the
   * command has ended with exit code 0 and its output has ended. When the upload fails, or `signal` is aborted, the command
   * is ended: SIGTERM, after `graceMs` SIGKILL. Rejects when the command is gone and nothing is left behind: with
   * `COMMAND_FAILED` when the command failed, with its `exitCode` or `signal`, and the end of its standard error as `stderr`
   * where that goes to a function.
   */
  async uploadCommand(
    key: string,
    command: string,
    args: readonly string[] = [],
    options: CommandUploadOptions = {},
  ): Promise<UploadResult> {
    return uploadCommand((checked) => this.createUploadStream(key, checked), command, args, options)
  }

  /** What the store knows of an object. Rejects with `NOT_FOUND` when there is none. */
  async head(key: string, options: HeadOptions = {}): Promise<ObjectInfo> {
    const context = contextOf(options, ['serverSideEncryption'])
    return await this.#driver.headObject(this.#key(key), context, readOptionsOf(options))
  }

  /** An object and a stream of its bytes. Rejects with `NOT_FOUND` when there is none. */
  async get(key: string, options: GetOptions = {}): Promise<ObjectContent> {
    const context = contextOf(options, ['range', 'serverSideEncryption'])
    const range = options.range === undefined ? undefined : { ...checkRange(options.range) }
    const {
      body: raw,
      length,
      ...head
    } = await this.#driver.getObject(this.#key(key), range, context, readOptionsOf(options))
    const checksum = range === undefined ? head.checksum : undefined
    const isCertain = checksum === undefined || !isUnclear(checksum, this.#driver)
    const expected = { size: length, checksum, isCertain }
    const body = objectBody(raw, { bucket: this.bucket, key }, expected, context.signal)
    return { ...head, body }
  }

  /**
   * Returns a Readable of an object, which is read in several ranges at a time and handed on in order. It ends only when all
   * bytes were read and verified. Throws UploadError where an option is not acceptable; nothing is sent before it is read.
   */
  createDownloadStream(key: string, options?: DownloadOptions): DownloadStream {
    return new DownloadStream({ driver: this.#driver, pool: this.#pool }, key, options)
  }

  /**
   * Reads an object into the file at `path`, several ranges at a time. The file is replaced in one step when all bytes have
   * come and are verified; until then it stays as it was. The same call made again, in this process or another one, reads only
   * what is missing: see `checkpoint`. A link is kept, and what it leads to is replaced.
   * @throws {UploadError} when nothing is under way any more: `FILE_FAILED` where the file cannot be written or another
   * download writes it, `SOURCE_CHANGED` where the object was replaced meanwhile, `CHECKSUM_MISMATCH`.
   */
  async downloadFile(key: string, path: string | URL, options: FileDownloadOptions = {}): Promise<DownloadResult> {
    return downloadFile({ driver: this.#driver, pool: this.#pool }, key, pathText(path), options)
  }

  /** Deletes an object; one that is not there is deleted already. */
  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#driver.deleteObject(this.#key(key), contextOf(options, []))
  }

  /**
   * Returns the bucket's objects in the order of the UTF-8 bytes of their keys. Further pages of up to 1,000 are asked for as
   * they are needed, so any number of objects takes the memory of one page.
   */
  list(options: ListObjectsOptions = {}): AsyncGenerator<ListedObject, void, undefined> {
    return listedObjects(this.#driver, options)
  }

  /** Returns the same page by page, with what a `delimiter` groups. To get one page alone, give its `next` as `after` to go on. */
  listPages(options: ListObjectPagesOptions = {}): AsyncGenerator<ObjectsPage, void, undefined> {
    return objectsPages(this.#driver, options)
  }

  /** Begins a multipart upload by hand; what the object is to be is said here. Resolves with the upload id. */
  async initiateMultipartUpload(key: string, options: ObjectOptions & CallOptions = {}): Promise<string> {
    return this.#byHand.initiate(key, options)
  }

  /**
   * Returns how an object of `size` bytes is cut into parts that others may send, by the rules of `uploadFile()`: equal
   * parts within the limits of the service, each a range with both ends inclusive.
   * @throws {UploadError} INVALID_OPTION when the service takes no object of that size.
   */
  planParts(size: number, options: PlanPartsOptions = {}): PartRange[] {
    return planParts(size, options, this.#driver.limits, this.#pool.maxMemory)
  }

  /**
   * Sends one part, with a number from 1 to 10,000; the same number again replaces it. Bytes are sent from where they are,
   * and must not change until then. A range of a file (`{ path, start, end }`), a Blob and a stream are first read into
   * memory of the store, for which the call may have to wait. A stream needs `length`, and is destroyed on failure.
   * Resolves with what `completeMultipartUpload()` takes: plain JSON, which may be kept and sent to another machine.
   */
  async uploadPart(
    upload: UploadAddress,
    partNumber: number,
    body: PartBody,
    options: UploadPartOptions = {},
  ): Promise<SentPart> {
    return this.#byHand.uploadPart(upload, partNumber, body, options)
  }

  /**
   * Makes the object of its parts, in the order of their numbers, which may have gaps. Where all parts have the `size` and
   * `crc64` that `uploadPart()` returned, the object is compared with what they make, and a lost response is settled by
   * looking at the object, as in an upload by stream: `checksum` in the result says by which checksum it was verified.
   * @throws {UploadError} INVALID_OPTION, before anything is sent, when a number is given twice, when a part does not
   * begin where the part before it ends, or when all parts do not have `expectedSize` bytes; CHECKSUM_MISMATCH when the
   * object is not what was sent.
   */
  async completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly GivenPart[],
    options: CompleteOptions = {},
  ): Promise<StoredObject> {
    return this.#byHand.complete(upload, parts, options)
  }

  /** Gives up a multipart upload and its parts; one that is not there is given up already. */
  async abortMultipartUpload(upload: UploadAddress, options: CallOptions = {}): Promise<void> {
    return this.#byHand.abort(upload, options)
  }

  /** The parts of an upload in the order of their numbers. Further pages are asked for as they are needed. */
  listParts(upload: UploadAddress, options: ListPartsOptions = {}): AsyncGenerator<ListedPart, void, undefined> {
    return listedParts(this.#driver, upload, options)
  }

  /** The same page by page. Who wants one page alone stops there, and gives its `next` as `after` to go on. */
  listPartPages(upload: UploadAddress, options: ListPartsOptions = {}): AsyncGenerator<PartsPage, void, undefined> {
    return partsPages(this.#driver, upload, options)
  }

  /**
   * The bucket's unfinished uploads in the order of keys, those of one key by upload id (S3: by time). Further pages are
   * asked for as they are needed.
   */
  listMultipartUploads(options: ListUploadsOptions = {}): AsyncGenerator<ListedUpload, void, undefined> {
    return listedUploads(this.#driver, options)
  }

  /** The same page by page, with what a `delimiter` groups. Who wants one page alone gives its `next` as `after` to go on. */
  listMultipartUploadPages(options: ListUploadPagesOptions = {}): AsyncGenerator<UploadsPage, void, undefined> {
    return uploadsPages(this.#driver, options)
  }

  /**
   * Aborts the unfinished uploads that were begun some time ago, whoever began them: also those that are still being
   * sent. One that cannot be aborted does not stop the others; rejects only where they cannot be listed, or by `signal`.
   */
  async abortStaleUploads(options: AbortStaleUploadsOptions): Promise<StaleUploads> {
    return abortStaleUploads(this.#driver, options)
  }

  /**
   * Gives up for good an upload that was kept: aborts what the checkpoint tells of, and removes the checkpoint. Resolves
   * with whether there was one. Rejects with UploadError where it is of another bucket, or in use.
   */
  async discardCheckpoint(checkpoint: string | CheckpointStore, options: CallOptions = {}): Promise<boolean> {
    return discardCheckpoint(this.#driver, checkpoint, contextOf(options, []))
  }

  /** Ends idle connections. Uploads under way fail with `CLOSED` at their next request. */
  async close(): Promise<void> {
    await this.#driver.close()
  }

  /** As `close()`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #key(key: string): string {
    this.#driver.check(key, {})
    return key
  }
}

/**
 * A bucket to upload to: of OSS, or of what `provider` says. What is not given comes from the environment: `OSS_REGION`,
 * `OSS_BUCKET`, `OSS_ENDPOINT`, `OSS_ACCESS_KEY_ID`, `OSS_ACCESS_KEY_SECRET`, `OSS_SESSION_TOKEN`, and the like for OBS
 * and S3. Throws UploadError with `INVALID_OPTION` or `MISSING_CREDENTIALS`; nothing is sent here.
 */
export function openStore(options: StoreOptions = {}): ObjectStore {
  const resolved = resolveStoreOptions(options, process.env)
  const credentials = new CredentialsSource(resolved.credentials)
  const { dialect, retry, timeouts, maxMemory, dispatcher, proxy } = resolved
  const limiter = limiterOf(resolved.bandwidthLimit)
  const downloadLimiter = limiterOf(resolved.downloadBandwidthLimit)
  const transport = new Transport(timeouts, { dispatcher, proxy, limiter, downloadLimiter })
  const driver = new MultipartApi({ dialect, transport, credentials, retry, answerMs: timeouts.answerMs })
  return new ObjectStore(driver, new BufferPool(crc64Engine(), maxMemory))
}

function limiterOf(bytesPerSecond: number | undefined): BandwidthLimiter | undefined {
  return bytesPerSecond === undefined ? undefined : new BandwidthLimiter(bytesPerSecond)
}

/** A copy: what the caller changes after the call has no effect on it. */
function readOptionsOf({ serverSideEncryption }: HeadOptions): HeadOptions {
  return copyOfObjectOptions({ serverSideEncryption })
}
