/**
 * The interface between transfers and services: few methods, each one call of the service, which is retried if that is safe.
 * A driver only translates; it decides nothing about parts, memory or order.
 */
import type { Readable } from 'node:stream'
import type { Checksum } from '../checksum/checksum.js'
import type { ChecksumAlgorithm } from '../shared/checksum-names.js'
import type { Provider } from '../shared/provider.js'
import type { AnsweredRange } from './object/answered-range.js'
import type { ObjectBody } from './object/object-body.js'
import type { ObjectOptions } from './object/object-options.js'

export interface StoreDriver {
  readonly provider: Provider
  readonly bucket: string
  readonly limits: StoreLimits
  /** Whether the response to a range has the checksum of the whole object. */
  readonly returnsChecksumWithRanges: boolean
  /**
   * Whether an ETag that looks like an MD5 is one, unless the response names an encryption. If it may be something
   * else, an ETag that differs from the MD5 of the bytes proves nothing.
   */
  readonly hasCertainMd5Etags: boolean
  /** Algorithm of the `checksum` in a part's receipt; absent if receipts have none. */
  readonly partChecksum?: ChecksumAlgorithm | undefined

  /** Checks key and options. Throws UploadError, before anything is sent, if one is invalid. */
  check(key: string, options: ObjectOptions): void
  /** Returns the URL of the object, without credentials. */
  locationOf(key: string): string

  /** Opens connections in advance, until `count` of them are idle. */
  prepareConnections(count: number): void

  putObject(key: string, body: ObjectBody, options: ObjectOptions, context: CallContext): Promise<StoredObject>
  initiateMultipartUpload(key: string, options: ObjectOptions, context: CallContext): Promise<string>
  uploadPart(part: PartUpload, options: ObjectOptions, context: CallContext): Promise<PartReceipt>
  /** `parts` in ascending order. */
  completeMultipartUpload(
    upload: UploadAddress,
    parts: readonly CompletedPart[],
    options: ObjectOptions,
    context: CallContext,
  ): Promise<StoredObject>
  /** Resolves as well if the upload does not exist. */
  abortMultipartUpload(upload: UploadAddress, context: CallContext, options?: ObjectOptions): Promise<void>
  listParts(
    upload: UploadAddress,
    page: PartsPageRequest,
    context: CallContext,
    options?: ObjectOptions,
  ): Promise<PartsPage>
  listMultipartUploads(page: UploadsPageRequest, context: CallContext): Promise<UploadsPage>
  listObjects(page: ObjectsPageRequest, context: CallContext): Promise<ObjectsPage>
  headObject(key: string, context: CallContext, options?: ReadOptions): Promise<ObjectHead>
  getObject(
    key: string,
    range: ByteRange | undefined,
    context: CallContext,
    options?: ReadOptions,
  ): Promise<ObjectHead & { body: Readable; length: number }>
  /**
   * Passes the bytes of an object to the receiver. After an attempt that breaks off, the next one requests the missing
   * bytes. Resolves when all have been received.
   */
  receiveObject(key: string, receiver: ObjectReceiver, context: CallContext, options?: ReadOptions): Promise<ObjectHead>
  /** Resolves as well if the object does not exist. */
  deleteObject(key: string, context: CallContext): Promise<void>
  close(): Promise<void>
}

/** Options for reading an object: its customer key (SSE-C), a version, or a part. */
export interface ReadOptions extends Pick<ObjectOptions, 'serverSideEncryption'> {
  /** Default: the current version. */
  versionId?: string | undefined
  /** HeadObject: number of a part, from 1, if the service keeps parts. Default: the whole object. */
  partNumber?: number | undefined
}

/** Receives bytes of an object, in order. */
export interface ObjectReceiver {
  /** Called before each attempt. Returns the bytes that are still missing, or undefined for the whole object. */
  wanted(): ByteRange | undefined
  /** Called before each attempt. Returns the ETag that the object must have. */
  ifMatch(): string | undefined
  /** Called when a response starts. If it throws an UploadError, the call ends; with any other error, the attempt. */
  begin(head: ObjectHead, range: AnsweredRange): void
  /** Copies the bytes. */
  take(chunk: Uint8Array): void
}

/** Limits of a service. Sizes are in bytes. */
export interface StoreLimits {
  minPartSize: number
  maxPartSize: number
  maxParts: number
  maxObjectSize: number
  maxKeyBytes: number
  /** Whether a key may start with / or \\. Default false. */
  allowsLeadingSlash?: boolean
}

/** Context of a call. */
export interface CallContext {
  /** Ends the call. */
  signal?: AbortSignal | undefined
  /** Ends the attempts: the request in flight may still finish. */
  retrySignal?: AbortSignal | undefined
  /** How long the call is retried without progress, instead of `retry.totalMs` and `retry.startMs` of the store. */
  retryTotalMs?: number | undefined
  /** Time limit in milliseconds for the response to an attempt. Default: that of the store. */
  attemptMs?: number | undefined
  /**
   * Whether earlier work would be lost with this call, so that it is retried for `retry.totalMs`, like calls of an
   * upload.
   */
  isUnderWay?: boolean | undefined
  /** Called when the service is away and when it is back. The same object for all calls of a transfer. */
  outageObserver?: OutageObserver | undefined
  /** The trace of the upload that the call belongs to. */
  upload?: object | undefined
  onRetry?: ((retry: RetryNotice) => void) | undefined
  /** Called when the service refused or delayed a request because there are too many. */
  onThrottled?: ((how: 'refused' | 'delayed') => void) | undefined
  /** Called for each failed attempt that may have taken effect. */
  onOutcomeUnknown?: (() => void) | undefined
  /** Called with body bytes that were sent. After a failed attempt it is called with the negative number of its bytes. */
  onSent?: ((bytes: number) => void) | undefined
}

/** A failed attempt that is followed by another one. */
export interface RetryNotice {
  /** Name of the call, such as `UploadPart`. */
  operation: string
  partNumber?: number
  /** The attempt that failed, from 1. */
  attempt: number
  /** Milliseconds until the next attempt. */
  delayMs: number
  reason: string
  /** The failed attempt may have taken effect. */
  outcomeUnknown: boolean
}

/** The service cannot be reached, or fails. Requests wait, while one at a time finds out whether it is back. */
export interface AwayNotice {
  /** Why the last request failed. */
  reason: string
  /** When the last attempt starts. The upload, or the download, fails with that attempt unless the service is back. */
  until: Date
}

/** The service responds again. */
export interface BackNotice {
  /** For how long it was away, in milliseconds. */
  awayMs: number
}

/** Its methods are called alternately, `away` first. They must not throw. */
export interface OutageObserver {
  away(notice: AwayNotice): void
  back(notice: BackNotice): void
}

/** Identifies a multipart upload. */
export interface UploadAddress {
  key: string
  uploadId: string
}

export interface PartUpload extends UploadAddress {
  /** Part number, from 1. */
  partNumber: number
  body: ObjectBody
}

export interface PartReceipt {
  /** As the service returned it, with its quotes. */
  etag: string
  /** Checksum of the part that the service returned, if any. Complete must repeat it. */
  checksum?: string | undefined
}

/** A part in the list of Complete. */
export interface CompletedPart extends PartReceipt {
  partNumber: number
  /** Size in bytes. Without it, or without `checksum`, Complete contains no checksum of the whole object. */
  size?: number | undefined
}

/** Properties of a stored object in the response of the service. */
export interface StoredObject {
  etag: string
  /** CRC-64/XZ, in decimal; absent if the service returned none. */
  crc64?: string
  /** Checksum of the whole object; absent if the service returned none. */
  checksum?: Checksum
  versionId?: string
  requestId: string
  /** Response of the callback: parsed if it is JSON, else the text. */
  callback?: unknown
}

export interface ObjectHead extends StoredObject {
  /** Size in bytes of the whole object. */
  size: number
  /** Upload ID of the multipart upload that created the object. Only returned by OBS. */
  uploadId?: string
  contentType?: string
  lastModified?: Date
  metadata: Record<string, string>
  /** Storage class, with the names of the option. OBS and S3 omit it for their standard class. */
  storageClass?: string
  /** Encryption at rest; absent if the service returned none. */
  serverSideEncryption?: ToldEncryption
  /** Number of tags; absent if the service returned none. */
  tagCount?: number
  /** All headers of the response, names in lower case. */
  headers: Record<string, string>
}

/** Encryption in a response, with the names of the option. */
export interface ToldEncryption {
  algorithm: string
  /** ID of the KMS key. */
  keyId?: string
  /** OSS: data encryption with `KMS`. */
  dataEncryption?: string
  /** True if the object is encrypted with a customer key (SSE-C), which is needed to read it. */
  isCustomerKey?: true
}

/** A range of bytes, both ends inclusive. */
export interface ByteRange {
  /** Offset of the first byte, from 0. */
  start: number
  /** Offset of the last byte. Default: the last byte of the object. */
  end?: number
}

export interface PartsPageRequest {
  /** Lists parts after this number. */
  after?: number
  /** Page size; default and maximum 1,000. */
  limit?: number
}

export interface PartsPage {
  parts: ListedPart[]
  /** Request for the next page; absent on the last one. */
  next?: PartsPageRequest
}

/** A part of an unfinished upload. */
export interface ListedPart extends CompletedPart {
  size: number
  /** CRC-64/XZ, in decimal; absent if the service returned none. */
  crc64?: string
  lastModified?: Date
}

export interface UploadsPageRequest {
  prefix?: string
  delimiter?: string
  /** Page size; default and maximum 1,000. */
  limit?: number
  /** Lists uploads of later keys, or of this key with a later upload ID. */
  after?: { key: string; uploadId?: string }
}

export interface UploadsPage {
  uploads: ListedUpload[]
  /** The service may have more uploads than it lists. */
  isPartial?: true
  commonPrefixes: string[]
  /** Request for the next page; absent on the last one. */
  next?: UploadsPageRequest
  /** Time of the response, by the clock of the service. */
  answeredAt?: Date
}

/** An unfinished multipart upload: neither completed nor aborted. */
export interface ListedUpload extends UploadAddress {
  initiated?: Date
}

export interface ObjectsPageRequest {
  prefix?: string
  delimiter?: string
  /** Page size; default and maximum 1,000. */
  limit?: number
  after?: ObjectsMarker
}

/** The start of a page of objects: after a key, or a token of the service for the end of the previous page. */
type ObjectsMarker = { key: string } | { token: string }

export interface ObjectsPage {
  objects: ListedObject[]
  commonPrefixes: string[]
  /** The start of the next page; absent on the last one. */
  next?: ObjectsPageRequest & { after: { token: string } }
  /** Time of the response, by the service's clock. */
  answeredAt?: Date
}

/** An object in a listing. */
export interface ListedObject {
  key: string
  /** Bytes. */
  size: number
  /** As the service returned it, with its quotes. */
  etag: string
  lastModified?: Date
  /** With the values of the option `storageClass`. */
  storageClass?: string
}
