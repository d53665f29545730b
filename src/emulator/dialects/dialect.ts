/**
 * The seam between the operations, which are the same for every service, and how one service is spoken to: signatures,
 * header names, error codes, limits. A dialect translates; it stores nothing and decides nothing about objects.
 * A new one is a folder that builds a `Dialect` by `defineDialect`, and an entry in `dialects.ts`.
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

/** What the client learns about bytes that have just been stored. */
export interface Receipt {
  /** Lower-case hex, without quotes. */
  readonly etag: string
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string
  /** Lower-case hex; absent where the bytes came in several parts. */
  readonly md5?: string
  /** The one among `Dialect.checksums` that belongs to the content. */
  readonly checksum?: StoredChecksum | undefined
}

/** Headers with which an object comes into being: some belong to the initiation of an upload, some to its end. */
export type PropertySource = 'PutObject' | 'InitiateMultipartUpload'

/** What services that call back differ in. */
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
  /** How a callback is asked for. */
  readonly callback: CallbackRules
  /** Those that are verified where a request brings them, in the header `{prefix}checksum-{algorithm}`. */
  readonly checksums: readonly ContentAlgorithm[]
  /** The one among them that is taken where a request asks for none. */
  readonly usualChecksum: ContentAlgorithm | undefined
  /** Whether a body may come in chunks without a word about its size. */
  readonly takesBodiesOfUnknownSize: boolean
  /** Entries of a page of ListObjects that does not say how many. */
  readonly keysPerPage: number
  /** Whether a page that is asked to be too large is cut, and not refused. */
  readonly cutsPages: boolean
  /** Where `encoding-type=url` is understood. */
  readonly encodesNames: 'always' | 'in-lists-of-bucket'

  /** Whether it takes every request that is signed in a way that other dialects share: these are asked first. */
  readonly isCatchAll: boolean
  /** Whether a request is in this dialect, going by how it is signed. */
  speaks(call: Call): boolean
  /**
   * Throws a `ServiceError` for a request that is not signed, or not by someone known, or not now. Answers how to read
   * its body, which may be signed as well.
   */
  authenticate(request: SignedRequest): BodyCoding
  newRequestId(): string
  /** Headers of every answer. */
  commonHeaders(requestId: string, now: Date, elapsedMs: number): Record<string, string>
  errorAnswer(error: ServiceError, call: Call | undefined, requestId: string): Answer

  /** Throws for a key that the service does not take. */
  checkKey(key: string, limits: Limits): void
  /** Throws for headers that have no place on a request that carries a part, or that are missing there. */
  checkPartHeaders(call: Call, upload: Upload): void
  /** Throws where the parts of the upload cannot be listed without other headers. */
  checkListHeaders(call: Call, upload: Upload): void
  /** Throws where the object cannot be read without other headers. */
  checkReadHeaders(call: Call, object: StoredObject): void
  /** Whether a range that is not there is refused; otherwise the whole object is the answer. */
  refusesRange(call: Call): boolean
  readProperties(call: Call, source: PropertySource, limits: Limits): ObjectProperties
  /** The ACL that a Complete asks for, if it does. */
  readAcl(call: Call): string | undefined
  forbidsOverwrite(call: Call): boolean
  /** Whether Complete shall take all parts that have arrived instead of a list. */
  completesAll(call: Call): boolean

  /** The ETag of content, in lower-case hex without quotes. */
  etagOf(md5: string, properties: ObjectProperties): string
  /** As in a header or a document: quoted, in the service's case. */
  formatEtag(etag: string): string
  newUploadId(): string
  /** Headers of the answer to a put or to a part. */
  receiptHeaders(receipt: Receipt): Record<string, string>
  /** Headers and elements of the answer to Complete besides those that all services have. */
  completion(receipt: Receipt): { headers: Record<string, string>; elements: readonly XmlNode[] }
  /** Headers of the answer to Head and Get. */
  objectHeaders(object: StoredObject, call: Call): Record<string, string>
  /** Echo of the server-side encryption. */
  encryptionHeaders(properties: ObjectProperties): Record<string, string>
  /** Headers of the answer to InitiateMultipartUpload. */
  initiationHeaders(properties: ObjectProperties): Record<string, string>
  /** Elements of a part in ListParts besides those that all services have. */
  partElements(part: StoredPart, upload: Upload): readonly XmlNode[]
  /** Elements of ListParts itself besides those that all services have. */
  partListElements(upload: Upload): readonly XmlNode[]
  /** Elements of an upload in ListMultipartUploads besides those that all services have. */
  uploadElements(upload: Upload): readonly XmlNode[]
  /** Elements of an object in ListObjects besides those that all services have. */
  objectElements(object: StoredObject): readonly XmlNode[]
  /** Headers of the answer to HeadBucket. */
  bucketHeaders(region: string): Record<string, string>
  /** Elements of a bucket in ListBuckets besides those that all services have. */
  bucketElements(region: string): readonly XmlNode[]
  /** The grants of a canned ACL, as GetObjectAcl lists them. */
  grants(acl: string): readonly XmlNode[]
  /** The answer to GetBucketLocation. */
  locationDocument(region: string): XmlNode
  /** A storage class, as kept with an object, in the words of the answer. */
  storageClassName(storageClass: string): string
  writeXml(root: XmlNode): string
}
