/**
 * The seam between uploads and stores: few verbs, each one call of the service, retried inside where trying again is
 * safe. A driver translates; it decides nothing about parts, memory or order.
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
  readonly tellsChecksumWithRanges: boolean
  /**
   * Whether an ETag that looks like an MD5 is one, unless the response names an encryption. Where it may be something else, an
   * ETag that differs from the MD5 of the bytes shows nothing.
   */
  readonly hasCertainMd5Etags: boolean
  /** What the `checksum` of a part's receipt is; absent if receipts have none. */
  readonly partChecksum?: ChecksumAlgorithm | undefined

  /** Throws UploadError if the key or an option is invalid: nothing has been sent then. */
  check(key: string, options: ObjectOptions): void
  /** The URL of the object, without credentials. */
  locationOf(key: string): string

  /** Opens connections in advance, so that there are so many that no request uses. */
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
  /** An upload that is not there is aborted already. */
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
   * Hands the bytes of an object to the receiver. An attempt that breaks off is followed by one for the bytes that are still
   * missing. Resolves when all have come.
   */
  receiveObject(key: string, receiver: ObjectReceiver, context: CallContext, options?: ReadOptions): Promise<ObjectHead>
  /** An object that is not there is deleted already. */
  deleteObject(key: string, context: CallContext): Promise<void>
  close(): Promise<void>
}

/** What reading an object may need: the key of one that was encrypted with a key of the caller's; which version, or part of it. */
export interface ReadOptions extends Pick<ObjectOptions, 'serverSideEncryption'> {
  /** Default: the current version. */
  versionId?: string | undefined
  /** HeadObject: one part of the object, from 1, where the service has kept them. Default: the whole. */
  partNumber?: number | undefined
}

/** Receives bytes of an object, in order. */
export interface ObjectReceiver {
  /** Asked before each attempt: the bytes that are still missing; undefined for the whole object. */
  wanted(): ByteRange | undefined
  /** Asked before each attempt: the ETag that the object must have. */
  ifMatch(): string | undefined
  /** A response begins. May throw: an UploadError ends the call, anything else the attempt. */
  begin(head: ObjectHead, range: AnsweredRange): void
  /** Copies the bytes. */
  take(chunk: Uint8Array): void
}

/** What a service accepts; sizes in bytes. */
export interface StoreLimits {
  minPartSize: number
  maxPartSize: number
  maxParts: number
  maxObjectSize: number
  maxKeyBytes: number
  /** Whether a key may begin with / or \\. Default false. */
  allowsLeadingSlash?: boolean
}

/** What is sent with one call. */
export interface CallContext {
  /** Ends the call. */
  signal?: AbortSignal | undefined
  /** Ends the attempts: the request in flight may still finish. */
  retrySignal?: AbortSignal | undefined
  /** How long the call is tried without progress, instead of the store's own `retry.totalMs` and `retry.startMs`. */
  retryTotalMs?: number | undefined
  /** Milliseconds that an attempt is waited for its response at most. Default: the store's own limit. */
  attemptMs?: number | undefined
  /** What goes before would be lost with this call: it is tried for `retry.totalMs`, as calls of an upload are. */
  isUnderWay?: boolean | undefined
  /** Learns when the service is away, and when it is back: the same object for all calls that belong together. */
  outageObserver?: OutageObserver | undefined
  /** What traces name as the upload that the call belongs to. */
  upload?: object | undefined
  onRetry?: ((retry: RetryNotice) => void) | undefined
  /** The service refused a request, or took its time over it, because there are too many. */
  onThrottled?: ((how: 'refused' | 'delayed') => void) | undefined
  /** For each attempt that failed although it may have taken effect. */
  onOutcomeUnknown?: (() => void) | undefined
  /** Bytes of the body that left; an attempt that is begun again first takes back what the one before sent. */
  onSent?: ((bytes: number) => void) | undefined
}

/** An attempt failed and another one follows. */
export interface RetryNotice {
  /** The service's name of the call, such as `UploadPart`. */
  operation: string
  partNumber?: number
  /** The attempt that failed, from 1. */
  attempt: number
  /** Until the next attempt begins. */
  delayMs: number
  reason: string
  /** The failed attempt may have taken effect. */
  outcomeUnknown: boolean
}

/** The service cannot be reached, or fails. Requests wait, while one at a time finds out whether it is back. */
export interface AwayNotice {
  /** Why the last request failed. */
  reason: string
  /** When the last attempt begins. The upload, or the download, fails with that attempt unless the service is back. */
  until: Date
}

/** The service responds again. */
export interface BackNotice {
  /** For how long it was away, in milliseconds. */
  awayMs: number
}

/** Each of its methods is called once in turn, `away` first; neither may throw. */
export interface OutageObserver {
  away(notice: AwayNotice): void
  back(notice: BackNotice): void
}

/** What names a multipart upload. */
export interface UploadAddress {
  key: string
  uploadId: string
}

export interface PartUpload extends UploadAddress {
  /** 1-based. */
  partNumber: number
  body: ObjectBody
}

export interface PartReceipt {
  /** As the service gave it, with its quotes. */
  etag: string
  /** The service's own checksum of the part, where it told one: it is wanted again when the parts become an object. */
  checksum?: string | undefined
}

/** A part as it is named when the parts become an object. */
export interface CompletedPart extends PartReceipt {
  partNumber: number
  /** Bytes. Without it, or without `checksum`, the service is not told what the whole must be. */
  size?: number | undefined
}

/** What the service says of an object when it has stored it. */
export interface StoredObject {
  etag: string
  /** CRC-64/XZ, in decimal; absent when the service gave none. */
  crc64?: string
  /** What shows that the object is whole; absent when the service gave nothing of that kind. */
  checksum?: Checksum
  versionId?: string
  requestId: string
  /** The response of the callback that was asked for; parsed where it is JSON, else the text. */
  callback?: unknown
}

export interface ObjectHead extends StoredObject {
  /** Bytes of the whole object. */
  size: number
  /** Of the multipart upload that made it; OBS alone tells it. */
  uploadId?: string
  contentType?: string
  lastModified?: Date
  metadata: Record<string, string>
  /** In the words of the option; OBS and S3 tell it only of objects that are not of their standard class. */
  storageClass?: string
  /** Absent if the service tells of none. */
  serverSideEncryption?: ToldEncryption
  /** How many tags it has; absent if the service tells of none. */
  tagCount?: number
  /** All headers of the response, names in lower case. */
  headers: Record<string, string>
}

/** In the words of the option. */
export interface ToldEncryption {
  algorithm: string
  /** The KMS key. */
  keyId?: string
  /** OSS: beside `KMS`. */
  dataEncryption?: string
  /** Encrypted with a key of the caller's own, which is needed to read it. */
  isCustomerKey?: true
}

/** Both ends inclusive; without an end, to the end of the object. */
export interface ByteRange {
  /** The first byte, from 0. */
  start: number
  /** The last byte. Default: that of the object. */
  end?: number
}

export interface PartsPageRequest {
  /** Parts after this number. */
  after?: number
  /** At most so many; default and maximum 1,000. */
  limit?: number
}

export interface PartsPage {
  parts: ListedPart[]
  /** Where the next page begins; absent on the last one. */
  next?: PartsPageRequest
}

/** A part that the service has of an unfinished upload. */
export interface ListedPart extends CompletedPart {
  size: number
  /** CRC-64/XZ, in decimal; absent when the service gave none. */
  crc64?: string
  lastModified?: Date
}

export interface UploadsPageRequest {
  prefix?: string
  delimiter?: string
  /** At most so many; default and maximum 1,000. */
  limit?: number
  /** Uploads after this key, or of this key with a later upload ID. */
  after?: { key: string; uploadId?: string }
}

export interface UploadsPage {
  uploads: ListedUpload[]
  commonPrefixes: string[]
  /** Where the next page begins; absent on the last one. */
  next?: UploadsPageRequest
  /** When the service answered, by its own clock. */
  answeredAt?: Date
}

/** A multipart upload that was neither completed nor aborted. */
export interface ListedUpload extends UploadAddress {
  initiated?: Date
}

export interface ObjectsPageRequest {
  prefix?: string
  delimiter?: string
  /** At most so many; default and maximum 1,000. */
  limit?: number
  after?: ObjectsMarker
}

/** Where a page of objects begins: after a key, or where the page before it ended, by a token of the service. */
type ObjectsMarker = { key: string } | { token: string }

export interface ObjectsPage {
  objects: ListedObject[]
  commonPrefixes: string[]
  /** Where the next page begins; absent on the last one. */
  next?: ObjectsPageRequest & { after: { token: string } }
  /** When the service answered, by its own clock. */
  answeredAt?: Date
}

/** An object as a list has it. */
export interface ListedObject {
  key: string
  /** Bytes. */
  size: number
  /** As the service gave it, with its quotes. */
  etag: string
  lastModified?: Date
  /** In the words of the option `storageClass`. */
  storageClass?: string
}
