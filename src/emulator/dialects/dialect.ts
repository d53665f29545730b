/**
 * The seam between the operations, which are the same for every service, and how one service is spoken to: signatures,
 * header names, error codes, limits. A dialect translates; it stores nothing and decides nothing about objects.
 * A new one is a file that builds a `Dialect`, with its authentication in another, and an entry in `dialects.ts`.
 */
import type { Authority } from '../authority.js'
import type { Address } from '../http/address.js'
import type { Answer } from '../http/answer.js'
import type { Call } from '../http/call.js'
import type { XmlNode } from '../http/xml-writer.js'
import type { Limits } from '../limits.js'
import type { ErrorShape, RefusalKind, ServiceError } from '../refusal.js'
import type { StoredObject, ObjectProperties } from '../storage/stored-object.js'
import type { StoredPart } from '../storage/uploads.js'

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
}

/** Headers with which an object comes into being: some belong to the initiation of an upload, some to its end. */
export type PropertySource = 'PutObject' | 'InitiateMultipartUpload'

export interface Dialect {
  readonly name: 'oss'
  /** In lower case, such as `x-oss-`. */
  readonly headerPrefix: string
  readonly limits: Limits
  readonly refusals: Readonly<Record<RefusalKind, ErrorShape>>

  /** Whether a request is in this dialect, going by how it is signed. */
  speaks(call: Call): boolean
  /** Throws a `ServiceError` for a request that is not signed, or not by someone known, or not now. */
  authenticate(request: SignedRequest): void
  newRequestId(): string
  /** Headers of every answer. */
  commonHeaders(requestId: string, now: Date, elapsedMs: number): Record<string, string>
  errorAnswer(error: ServiceError, call: Call | undefined, requestId: string): Answer

  /** Throws for a key that the service does not take. */
  checkKey(key: string, limits: Limits): void
  /** Throws for headers that have no place on a request that carries a part. */
  checkPartHeaders(call: Call): void
  readProperties(call: Call, source: PropertySource, limits: Limits): ObjectProperties
  /** The ACL that a Complete asks for, if it does. */
  readAcl(call: Call): string | undefined
  forbidsOverwrite(call: Call): boolean
  /** Whether Complete shall take all parts that have arrived instead of a list. */
  completesAll(call: Call): boolean

  /** As in a header or a document: quoted, in the service's case. */
  formatEtag(etag: string): string
  newUploadId(): string
  /** Headers of the answer to a put or to a part. */
  receiptHeaders(receipt: Receipt): Record<string, string>
  /** Headers of the answer to Head and Get. */
  objectHeaders(object: StoredObject): Record<string, string>
  /** Echo of the server-side encryption. */
  encryptionHeaders(properties: ObjectProperties): Record<string, string>
  /** Elements of ListParts besides those that all services have. */
  partElements(part: StoredPart): readonly XmlNode[]
  writeXml(root: XmlNode): string
}
