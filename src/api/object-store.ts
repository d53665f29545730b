/**
 * What users hold: one bucket, with uploads as streams and the calls of the service by hand. It checks what comes in
 * from outside; what it hands out has CRC-64 values as decimal text.
 */
import type { Readable } from 'node:stream'
import { formatCrc64 } from '../checksum/decimal.js'
import { crc64Engine } from '../checksum/engine.js'
import { CredentialsSource } from '../credentials/credentials-source.js'
import { BandwidthLimiter } from '../http/bandwidth-limiter.js'
import { Transport } from '../http/transport.js'
import {
  checkInteger,
  checkNames,
  checkObject,
  checkSignal,
  checkString,
  invalidOption,
} from '../shared/check-option.js'
import { MultipartApi } from '../stores/multipart-api.js'
import { ObjectBody } from '../stores/object-body.js'
import { OBJECT_OPTION_NAMES, type ObjectOptions } from '../stores/object-options.js'
import type {
  ByteRange,
  CallContext,
  CompletedPart,
  ListedPart,
  ListedUpload,
  ObjectHead,
  Provider,
  StoreDriver,
  StoredObject,
  UploadAddress,
} from '../stores/store-driver.js'
import { UploadStream } from '../stream/upload-stream.js'
import { UploadTransform } from '../stream/upload-transform.js'
import { BufferPool } from '../upload/buffer-pool.js'
import { checkPath } from '../upload/file-source.js'
import type { CheckpointStore } from '../upload/checkpoint/checkpoint-store.js'
import { discardCheckpoint } from '../upload/checkpoint/discard.js'
import { uploadFile } from '../upload/upload-file.js'
import type { FileUploadOptions } from '../upload/file-upload-options.js'
import type { UploadOptions } from '../upload/upload-options.js'
import type { UploadResult } from '../upload/upload-result.js'
import { objectBody } from './object-body.js'
import { type UploadBody, uploadBody } from './upload-body.js'
import { resolveStoreOptions, type StoreOptions } from './store-options.js'

/** For calls that are one request each. */
export interface CallOptions {
  /** Cancels the call. */
  signal?: AbortSignal | undefined
}

export interface HeadOptions extends CallOptions {
  /** The key of an object that was encrypted with one of yours: `{ customerKey }`. */
  serverSideEncryption?: ObjectOptions['serverSideEncryption']
}

export interface GetOptions extends HeadOptions {
  /** Bytes from `start` to `end`, both inclusive; without `end`, to the end. Default: the whole object, verified. */
  range?: ByteRange | undefined
}

export interface ListPartsOptions extends CallOptions {
  /** Parts after this number. */
  after?: number | undefined
  /** Parts asked for at a time, 1 to 1,000. Default 1,000. */
  pageSize?: number | undefined
}

export interface ListUploadsOptions extends CallOptions {
  /** Uploads of keys that begin with it. */
  prefix?: string | undefined
  /** Uploads asked for at a time, 1 to 1,000. Default 1,000. */
  pageSize?: number | undefined
}

/** With the CRC-64 as an unsigned decimal number; absent when the service gave none. */
export type WithCrc64Text<T> = Omit<T, 'crc64'> & { crc64?: string }

/** What the service knows of an object. */
export type ObjectInfo = WithCrc64Text<ObjectHead>

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

  /** @internal To be opened with `openStore()`. */
  constructor(driver: StoreDriver, pool: BufferPool) {
    this.#driver = driver
    this.#pool = pool
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
   * own size, and a Blob its `type` as `contentType`.
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

  /** What the store knows of an object. Rejects with `NOT_FOUND` when there is none. */
  async head(key: string, options: HeadOptions = {}): Promise<ObjectInfo> {
    const context = contextOf(options, ['serverSideEncryption'])
    return withText(await this.#driver.headObject(this.#key(key), context, options))
  }

  /** An object and a stream of its bytes. Rejects with `NOT_FOUND` when there is none. */
  async get(key: string, options: GetOptions = {}): Promise<ObjectContent> {
    const context = contextOf(options, ['range', 'serverSideEncryption'])
    const range = options.range === undefined ? undefined : checkRange(options.range)
    const { body: raw, ...head } = await this.#driver.getObject(this.#key(key), range, context, options)
    const whole = range === undefined ? { size: head.size, checksum: head.checksum } : undefined
    const body = objectBody(raw, { bucket: this.bucket, key }, whole, context.signal)
    return { ...withText(head), body }
  }

  /** Deletes an object; one that is not there is deleted already. */
  async delete(key: string, options: CallOptions = {}): Promise<void> {
    await this.#driver.deleteObject(this.#key(key), contextOf(options, []))
  }

  /** Begins a multipart upload by hand; what the object is to be is said here. Resolves with the upload id. */
  async initiateMultipartUpload(key: string, options: ObjectOptions & CallOptions = {}): Promise<string> {
    const context = contextOf(options, OBJECT_OPTION_NAMES)
    this.#driver.check(key, options)
    return this.#driver.initiateMultipartUpload(key, options, context)
  }

  /** Sends one part, with a number from 1 to 10,000; the same number again replaces it. */
  async uploadPart(
    upload: UploadAddress,
    partNumber: number,
    bytes: Uint8Array,
    options: Pick<ObjectOptions, 'contentMd5' | 'trafficLimit' | 'serverSideEncryption'> & CallOptions = {},
  ): Promise<CompletedPart & { size: number; crc64: string }> {
    const context = contextOf(options, ['contentMd5', 'trafficLimit', 'serverSideEncryption'])
    if (!(bytes instanceof Uint8Array)) throw invalidOption('bytes', bytes, 'accepted is a Uint8Array or Buffer')
    checkInteger('partNumber', partNumber, 1, this.#driver.limits.maxParts)
    const crc64 = crc64Engine().create()
    crc64.update(bytes)
    const body = new ObjectBody(bytes, crc64.digest())
    const part = { ...this.#address(upload), partNumber, body }
    const receipt = await this.#driver.uploadPart(part, options, context)
    return { partNumber, ...receipt, size: bytes.length, crc64: formatCrc64(body.crc64) }
  }

  /** The parts become the object. Their order does not matter; their numbers may have gaps. */
  async completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: Pick<ObjectOptions, 'acl' | 'callback' | 'forbidOverwrite' | 'serverSideEncryption'> & CallOptions = {},
  ): Promise<WithCrc64Text<StoredObject>> {
    const context = contextOf(options, ['acl', 'callback', 'forbidOverwrite', 'serverSideEncryption'])
    const sorted = checkParts(parts, this.#driver.limits.maxParts)
    return withText(await this.#driver.completeMultipartUpload(this.#address(upload), sorted, options, context))
  }

  /** Gives up a multipart upload and its parts; one that is not there is given up already. */
  async abortMultipartUpload(upload: UploadAddress, options: CallOptions = {}): Promise<void> {
    await this.#driver.abortMultipartUpload(this.#address(upload), contextOf(options, []))
  }

  /** The parts of an upload in the order of their numbers, page by page as they are asked for. */
  async *listParts(
    upload: UploadAddress,
    options: ListPartsOptions = {},
  ): AsyncGenerator<WithCrc64Text<ListedPart>, void, undefined> {
    const context = contextOf(options, ['after', 'pageSize'])
    const { after, pageSize } = options
    if (after !== undefined) checkInteger('after', after, 0, this.#driver.limits.maxParts)
    const address = this.#address(upload)
    let request = {
      ...(after === undefined ? {} : { after }),
      ...pageLimit(pageSize),
    }
    for (;;) {
      const page = await this.#driver.listParts(address, request, context)
      for (const part of page.parts) yield withText(part)
      if (page.next === undefined) return
      request = page.next
    }
  }

  /** The bucket's unfinished uploads in the order of keys, then of upload ids, page by page as they are asked for. */
  async *listMultipartUploads(options: ListUploadsOptions = {}): AsyncGenerator<ListedUpload, void, undefined> {
    const context = contextOf(options, ['prefix', 'pageSize'])
    const { prefix, pageSize } = options
    let request = {
      ...(prefix === undefined ? {} : { prefix: checkString('prefix', prefix) }),
      ...pageLimit(pageSize),
    }
    for (;;) {
      const page = await this.#driver.listMultipartUploads(request, context)
      yield* page.uploads
      if (page.next === undefined) return
      request = page.next
    }
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

  #address(upload: UploadAddress): UploadAddress {
    const { key, uploadId } = checkObject('upload', upload) as Partial<UploadAddress>
    return { key: this.#key(key ?? ''), uploadId: checkString('uploadId', uploadId) }
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
  const { dialect, retry, timeouts, maxMemory, bandwidthLimit, dispatcher, proxy } = resolved
  const limiter = bandwidthLimit === undefined ? undefined : new BandwidthLimiter(bandwidthLimit)
  const transport = new Transport(timeouts, { dispatcher, proxy, limiter })
  const driver = new MultipartApi({ dialect, transport, credentials, retry, answerMs: timeouts.answerMs })
  return new ObjectStore(driver, new BufferPool(crc64Engine(), maxMemory))
}

function contextOf(options: CallOptions, furtherNames: readonly string[]): CallContext {
  checkNames('this call', checkObject('options', options), ['signal', ...furtherNames])
  return options.signal === undefined ? {} : { signal: checkSignal('signal', options.signal) }
}

function withText<T extends { crc64?: bigint }>(value: T): WithCrc64Text<T> {
  const { crc64, ...rest } = value
  return crc64 === undefined ? rest : { ...rest, crc64: formatCrc64(crc64) }
}

function checkRange(range: ByteRange): ByteRange {
  const { start, end } = checkObject('range', range) as Partial<ByteRange>
  checkNames('range', range, ['start', 'end'])
  const checked = { start: checkInteger('range.start', start, 0, Number.MAX_SAFE_INTEGER, 'bytes') }
  if (end === undefined) return checked
  return { ...checked, end: checkInteger('range.end', end, checked.start, Number.MAX_SAFE_INTEGER, 'bytes') }
}

/** In the order of their numbers. */
function checkParts(parts: readonly CompletedPart[], maxParts: number): CompletedPart[] {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw invalidOption('parts', parts, 'accepted is a list of at least one part')
  }
  const sorted = parts.map((part) => checkPart(part, maxParts)).sort((a, b) => a.partNumber - b.partNumber)
  const twice = sorted.find((part, index) => part.partNumber === sorted[index - 1]?.partNumber)
  if (twice !== undefined) throw invalidOption('partNumber', twice.partNumber, 'it is there twice')
  return sorted
}

function checkPart(part: unknown, maxParts: number): CompletedPart {
  const { partNumber, etag, size, checksum } = checkObject('a part', part) as Partial<CompletedPart>
  return {
    partNumber: checkInteger('partNumber', partNumber, 1, maxParts),
    etag: checkString('etag', etag),
    ...(size === undefined ? {} : { size: checkInteger('size', size, 0, Number.MAX_SAFE_INTEGER, 'bytes') }),
    ...(checksum === undefined ? {} : { checksum: checkString('checksum', checksum) }),
  }
}

function pageLimit(pageSize: number | undefined): { limit?: number } {
  return pageSize === undefined ? {} : { limit: checkInteger('pageSize', pageSize, 1, 1000) }
}
