/** The properties of an object, with names that all dialects share. The values are those of the dialect. */
import type { ChecksumType, ContentAlgorithm, ContentChecksum } from '../checksums/content-checksum.js'
import type { DataFile } from './data-files.js'

/** The checksum algorithm of an upload. */
export interface ChecksumPlan {
  readonly algorithm: ContentAlgorithm
  readonly type: ChecksumType
}

export interface StoredChecksum extends ContentChecksum {
  readonly type: ChecksumType
}

export interface ObjectProperties {
  /** `content-type`, `cache-control`, `content-disposition`, `content-encoding`, `content-language`, `expires`. */
  readonly headers: Readonly<Record<string, string>>
  /** User metadata by lower-case name without the dialect's prefix. */
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: readonly (readonly [name: string, value: string])[]
  readonly storageClass: string
  readonly acl: string
  /** Server-side encryption headers, by name without the dialect's prefix. Nothing is encrypted: they are echoed. */
  readonly encryption: Readonly<Record<string, string>>
  /** Days until it expires. The emulator does not remove it. */
  readonly expiresAfterDays?: number
  /** From the initiation of the upload, if requested there. */
  readonly checksum?: ChecksumPlan
}

export interface StoredObject {
  readonly bucket: string
  readonly key: string
  /** Unique for each write of the key. */
  readonly version: string
  readonly size: number
  /** Lower-case hex, without quotes: the MD5, or for a multipart object the MD5 of its parts' ETags and `-parts`. */
  readonly etag: string
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string
  /** ISO 8601. */
  readonly lastModified: string
  /** The service's own checksum, besides the CRC-64/XZ. */
  readonly checksum?: StoredChecksum | undefined
  readonly properties: ObjectProperties
  /** The upload ID of its multipart upload; absent for PutObject. */
  readonly uploadId?: string
  readonly files: readonly DataFile[]
}
