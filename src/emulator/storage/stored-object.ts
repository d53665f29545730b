/** What an object is besides its bytes, in words that every dialect shares; the values are the dialect's own. */
import type { ChecksumType, ContentAlgorithm, ContentChecksum } from '../checksums/content-checksum.js'
import type { DataFile } from './data-files.js'

/** The checksum that the object of an upload shall have. */
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
  /** After how many days it is to go; it stays all the same. */
  readonly expiresAfterDays?: number
  /** What the initiation of an upload asked for; absent when it did not. */
  readonly checksum?: ChecksumPlan
}

export interface StoredObject {
  readonly bucket: string
  readonly key: string
  /** Unique for each time the key was written. */
  readonly version: string
  readonly size: number
  /** Lower-case hex, without quotes: the MD5, or for a multipart object the MD5 of its parts' ETags and `-parts`. */
  readonly etag: string
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string
  /** ISO 8601. */
  readonly lastModified: string
  /** Besides the CRC-64/XZ: of a service that has another one. */
  readonly checksum?: StoredChecksum | undefined
  readonly properties: ObjectProperties
  /** The upload that made it; absent for an object that was put. */
  readonly uploadId?: string
  readonly files: readonly DataFile[]
}
