/** What an object is besides its bytes, in words that every dialect shares; the values are the dialect's own. */
import type { DataFile } from './data-files.js'

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
}

export interface StoredObject {
  readonly bucket: string
  readonly key: string
  /** Unique for each time the key was written. */
  readonly version: string
  readonly size: number
  /** Lower-case hex, without quotes: the MD5, or for a multipart object the MD5 of its parts' MD5s and `-parts`. */
  readonly etag: string
  /** CRC-64/XZ as unsigned decimal. */
  readonly crc64: string
  /** ISO 8601. */
  readonly lastModified: string
  readonly properties: ObjectProperties
  /** The upload that made it; absent for an object that was put. */
  readonly uploadId?: string
  readonly files: readonly DataFile[]
}
