import { types } from 'node:util'
import { checkArray, copyOfRecord, reading, takeNested } from '../../shared/check-option.js'

/** Options of an object. Not all services support all of them. */
export interface ObjectOptions {
  /** `Content-Type`. Default `application/octet-stream`. */
  contentType?: string | undefined
  /**
   * User metadata. Names: `A-Z a-z 0-9 -`, lower-cased by the service. Values: printable ASCII. At most 8 KiB in total,
   * 2 KiB on S3.
   */
  metadata?: Readonly<Record<string, string>> | undefined
  /** Additional headers: `Cache-Control`, `Content-Disposition`, `Content-Encoding`, `Expires` or headers of the service. */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * Canned ACL. OSS: `private`, `public-read`, `public-read-write` or `default`. OBS and S3 have more, see their
   * documentation. Default: that of the bucket.
   */
  acl?: string | undefined
  /**
   * Storage class. OSS: `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`. OBS: `STANDARD`, `WARM`, `COLD`,
   * `DEEP_ARCHIVE` or `INTELLIGENT_TIERING`. S3: any class of the service. Default: that of the bucket.
   */
  storageClass?: string | undefined
  /** Tags, at most 10. Names have up to 128 characters, values up to 256 (255 on OBS). */
  tagging?: Readonly<Record<string, string>> | undefined
  /**
   * Encryption algorithm, or an object with more options. OSS: `AES256`, `SM4` or `KMS`; OBS: `AES256` or `kms`; S3:
   * `AES256`, `aws:kms` or `aws:kms:dsse`.
   */
  serverSideEncryption?: string | ServerSideEncryption | undefined
  /** Fails with `ALREADY_EXISTS` if the object exists. Not supported on OBS. Default false. */
  forbidOverwrite?: boolean | undefined
  /**
   * Replace only the object with this ETag, as `head()` or the result of an upload reports it; fail with
   * `PRECONDITION_FAILED` where there is another object, or none. S3 only.
   */
  ifMatch?: string | undefined
  /** A request that the service sends to your server when the object is stored. Not supported on S3. */
  callback?: Callback | undefined
  /**
   * Bandwidth limit of the service for each request, in bit/s: 245,760 to 838,860,800 on OSS, 819,200 to 838,860,800 on
   * OBS.
   */
  trafficLimit?: number | undefined
  /** OBS: number of days after the last change when the object is deleted. */
  expireAfterDays?: number | undefined
  /** Sends `Content-MD5` with each part, which the service checks besides its own checksum. Default false. */
  contentMd5?: boolean | undefined
}

/** How the service encrypts an object at rest. */
export interface ServerSideEncryption {
  /** Encryption algorithm. Default `AES256` with a `customerKey`; otherwise required. */
  algorithm?: string | undefined
  /** ID of the KMS key. Only with a KMS algorithm. */
  keyId?: string | undefined
  /** OSS: `SM4`, only with `KMS`. OBS: `SM4`, only with `kms` and signatureVersion `obs`. */
  dataEncryption?: string | undefined
  /**
   * OBS and S3: your own key (SSE-C), as 32 bytes or base64. The service does not store it: it is needed again to read the
   * object. It is never part of an error, and never sent over plain HTTP.
   */
  customerKey?: Uint8Array | string | undefined
}

/** A callback. Your server must respond within 5 s with status 200 and JSON (OSS documentation, "Callback"). */
export interface Callback {
  /** One or more URLs, at most 5 on OSS and 10 on OBS, tried in order. Characters outside ASCII are percent-encoded. */
  url: string | readonly string[]
  /**
   * The body of the request, with placeholders: `${bucket}`, `${object}`, `${size}`, `${x:name}` on OSS; `$(bucket)`,
   * `$(key)`, `$(fsize)` on OBS.
   */
  body: string
  /** The `Host` header of the request. Default: the host of the URL. */
  host?: string | undefined
  /** `Content-Type` of the request. Default `application/x-www-form-urlencoded`. */
  bodyType?: 'application/x-www-form-urlencoded' | 'application/json' | undefined
  /** Whether the host name is sent when connecting by TLS (SNI). */
  sni?: boolean | undefined
  /** Values of the `${x:name}` placeholders. Names are in lower case, with or without `x:`. */
  variables?: Readonly<Record<string, string>> | undefined
}

/**
 * The scope of an option. `object`: it is fixed when the upload is initiated, so a resumed upload must have the same value.
 * `request`: it is sent with single requests, and may change when the upload is resumed.
 */
export const OBJECT_OPTIONS: Readonly<Record<keyof ObjectOptions, 'object' | 'request'>> = {
  contentType: 'object',
  metadata: 'object',
  headers: 'object',
  acl: 'object',
  storageClass: 'object',
  tagging: 'object',
  serverSideEncryption: 'object',
  forbidOverwrite: 'request',
  ifMatch: 'request',
  callback: 'request',
  trafficLimit: 'request',
  expireAfterDays: 'object',
  contentMd5: 'request',
}

export const OBJECT_OPTION_NAMES = Object.keys(OBJECT_OPTIONS) as readonly (keyof ObjectOptions)[]

/** The names of the options that have options themselves. */
export const ENCRYPTION_NAMES: readonly (keyof ServerSideEncryption)[] = [
  'algorithm',
  'keyId',
  'dataEncryption',
  'customerKey',
]
export const CALLBACK_NAMES: readonly (keyof Callback)[] = ['url', 'body', 'host', 'bodyType', 'sni', 'variables']

const NESTED: Partial<Record<keyof ObjectOptions, readonly string[]>> = {
  serverSideEncryption: ENCRYPTION_NAMES,
  callback: CALLBACK_NAMES,
}

const copies = new WeakSet<ObjectOptions>()

/**
 * Copies the options, so that later changes by the caller have no effect. Their values need not be checked before.
 *
 * @throws {UploadError} `INVALID_OPTION` if a value, or a part of one, cannot be read.
 */
export function copyOfObjectOptions(options: ObjectOptions): ObjectOptions {
  const own = OBJECT_OPTION_NAMES.flatMap((name) => {
    const value: unknown = options[name]
    return value === undefined ? [] : [[name, copyOf(name, value, NESTED[name])] as const]
  })
  const copy: ObjectOptions = Object.fromEntries(own)
  copies.add(copy)
  return copy
}

/** Returns a value that the check of any option refuses. */
function copyOf(name: string, value: unknown, names?: readonly string[]): unknown {
  if (types.isUint8Array(value)) return reading(name, () => new Uint8Array(value))
  if (typeof value !== 'object' || value === null) return value
  const kind = reading(name, () => (Array.isArray(value) ? 'list' : Symbol.iterator in value ? 'collection' : 'object'))
  if (kind === 'list') return checkArray(name, value)
  if (kind === 'collection') return value
  if (names === undefined) return copyOfRecord(name, value)
  const parts = Object.entries(takeNested(name, value, names))
  return Object.fromEntries(parts.map(([part, given]) => [part, copyOf(`${name}.${part}`, given)]))
}

/** Returns whether the options are such a copy. */
export function isOwnCopy(options: ObjectOptions): boolean {
  return copies.has(options)
}
