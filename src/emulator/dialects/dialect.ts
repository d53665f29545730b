/**
 * The interface between the operations, which are the same for every service, and what differs between services:
 * signatures, header names, error codes, limits. A dialect only translates; it stores nothing and decides nothing about
 * objects. A new one is a folder that creates a `Dialect` with `defineDialect`, and an entry in `dialects.ts`.
 */
import type { Provider } from '../../shared/provider.js'
import type { Authority } from '../authority.js'
import type { ContentAlgorithm } from '../checksums/content-checksum.js'
import type { Address } from '../http/address.js'
import type { Answer } from '../http/answer.js'
import type { BodyCoding } from '../http/body-coding.js'
import type { Call } from '../http/call.js'
import type { XmlNode } from '../http/xml-writer.js'
import type { Limits } from '../limits.js'
import type { ErrorShape, RefusalKind, ServiceError } from '../refusal.js'
import type { ObjectProperties, StoredChecksum, StoredObject } from '../storage/stored-object.js'
import type { StoredPart, Upload } from '../storage/uploads.js'

export interface SignedRequest {
  readonly call: Call
  readonly address: Address
  readonly authority: Authority
  readonly now: Date
}

/** What the response contains about bytes that have just been stored. */
export interface Receipt {
  /** Lower-case hex, without quotes. */
  readonly etag: string
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string
  /** Lower-case hex; absent if the bytes were received in several parts. */
  readonly md5?: string
  /** The one among `Dialect.checksums` that belongs to the content. */
  readonly checksum?: StoredChecksum | undefined
}

/** The request whose headers set the properties of an object. */
export type PropertySource = 'PutObject' | 'InitiateMultipartUpload'

/** How services with callbacks differ. */
export interface CallbackRules {
  readonly maxUrls: number
  /** A placeholder in the body, whose first group is its name; global. */
  readonly placeholder: RegExp
  /** The names of placeholders that are not those of OSS, and what OSS calls them. */
  readonly names: Readonly<Record<string, string>>
  readonly usualBodyType: 'application/x-www-form-urlencoded' | 'application/json'
}

export interface Dialect {
  readonly name: Provider
  /** In lower case, such as `x-oss-`. */
  readonly headerPrefix: string
  readonly limits: Limits
  readonly refusals: Readonly<Record<RefusalKind, ErrorShape>>
  readonly bucketName: RegExp
  /** How a callback is requested. */
  readonly callback: CallbackRules
  /** Algorithms that are verified if a request has the header `{prefix}checksum-{algorithm}`. */
  readonly checksums: readonly ContentAlgorithm[]
  /** The algorithm for requests that do not choose one. */
  readonly usualChecksum: ContentAlgorithm | undefined
  /** Whether the body may use chunked transfer encoding without a declared length. */
  readonly takesBodiesOfUnknownSize: boolean
  /** Default page size of ListObjects. */
  readonly keysPerPage: number
  /** Whether a page size above the limit is reduced instead of refused. */
  readonly cutsPages: boolean
  /** The operations that support `encoding-type=url`. */
  readonly encodesNames: 'always' | 'in-lists-of-bucket'

  /** Whether it accepts every request with a signature that other dialects use as well: those are tried first. */
  readonly isCatchAll: boolean
  /** Returns whether a request is in this dialect, by its signature. */
  speaks(call: Call): boolean
  /**
   * Verifies the signature. Returns how to read the body, which may be signed as well. Throws a `ServiceError` if the
   * request is unsigned, or its key is unknown or expired, or its date is wrong.
   */
  authenticate(request: SignedRequest): BodyCoding
  newRequestId(): string
  /** Headers of every response. */
  commonHeaders(requestId: string, now: Date, elapsedMs: number): Record<string, string>
  errorAnswer(error: ServiceError, call: Call | undefined, requestId: string): Answer

  /** Throws for a key that the service does not accept. */
  checkKey(key: string, limits: Limits): void
  /** Throws for headers that are not allowed for a part, or missing. */
  checkPartHeaders(call: Call, upload: Upload): void
  /** Throws if listing the parts of the upload requires other headers. */
  checkListHeaders(call: Call, upload: Upload): void
  /** Throws if reading the object requires other headers. */
  checkReadHeaders(call: Call, object: StoredObject): void
  /** Returns whether a range beyond the end is refused; otherwise the whole object is returned. */
  refusesRange(call: Call): boolean
  readProperties(call: Call, source: PropertySource, limits: Limits): ObjectProperties
  /** Returns the ACL that a Complete sets, if any. */
  readAcl(call: Call): string | undefined
  forbidsOverwrite(call: Call): boolean
  /** Returns whether Complete uses all uploaded parts instead of a list. */
  completesAll(call: Call): boolean

  /** The ETag of content, in lower-case hex without quotes. */
  etagOf(md5: string, properties: ObjectProperties): string
  /** Returns the ETag as in a header or a document: quoted, in the case of the service. */
  formatEtag(etag: string): string
  newUploadId(): string
  /** Headers of the response to a put or to a part. */
  receiptHeaders(receipt: Receipt): Record<string, string>
  /** Headers and elements of the response to Complete besides those that all services have. */
  completion(receipt: Receipt): { headers: Record<string, string>; elements: readonly XmlNode[] }
  /** Headers of the response to Head and Get. */
  objectHeaders(object: StoredObject, call: Call): Record<string, string>
  /** Echo of the server-side encryption. */
  encryptionHeaders(properties: ObjectProperties): Record<string, string>
  /** Headers of the response to InitiateMultipartUpload. */
  initiationHeaders(properties: ObjectProperties): Record<string, string>
  /** Elements of a part in ListParts besides those that all services have. */
  partElements(part: StoredPart, upload: Upload): readonly XmlNode[]
  /** Elements of ListParts itself besides those that all services have. */
  partListElements(upload: Upload): readonly XmlNode[]
  /** Elements of an upload in ListMultipartUploads besides those that all services have. */
  uploadElements(upload: Upload): readonly XmlNode[]
  /** Elements of an object in ListObjects besides those that all services have. */
  objectElements(object: StoredObject): readonly XmlNode[]
  /** Headers of the response to HeadBucket. */
  bucketHeaders(region: string): Record<string, string>
  /** Elements of a bucket in ListBuckets besides those that all services have. */
  bucketElements(region: string): readonly XmlNode[]
  /** Returns the grants of a canned ACL, as listed by GetObjectAcl. */
  grants(acl: string): readonly XmlNode[]
  /** The response to GetBucketLocation. */
  locationDocument(region: string): XmlNode
  /** Returns the name of a storage class in responses. */
  storageClassName(storageClass: string): string
  writeXml(root: XmlNode): string
}
