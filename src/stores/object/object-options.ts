/** What an object is to be, as far as the store decides it. Which of them a service knows, its dialect says. */
export interface ObjectOptions {
  /** `Content-Type`. Default `application/octet-stream`. */
  contentType?: string | undefined
  /** User metadata. Names of `A-Z a-z 0-9 -`, lower-cased by the service; values of printable ASCII; 8 KiB in all, 2 KiB on S3. */
  metadata?: Readonly<Record<string, string>> | undefined
  /** Further headers: `Cache-Control`, `Content-Disposition`, `Content-Encoding`, `Expires` or the service's own. */
  headers?: Readonly<Record<string, string>> | undefined
  /**
   * Default: as the bucket. OSS: `private`, `public-read`, `public-read-write` or `default`. OBS and S3 have more, see
   * their documentation.
   */
  acl?: string | undefined
  /**
   * Default: as the bucket. OSS: `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`. OBS: `STANDARD`, `WARM`,
   * `COLD`, `DEEP_ARCHIVE` or `INTELLIGENT_TIERING`. S3: as the service names them.
   */
  storageClass?: string | undefined
  /** At most 10 tags; names up to 128 characters, values up to 256 (255 on OBS). */
  tagging?: Readonly<Record<string, string>> | undefined
  /**
   * By its algorithm alone, or with more. OSS: `AES256`, `SM4` or `KMS`; OBS: `AES256` or `kms`; S3: `AES256`, `aws:kms`
   * or `aws:kms:dsse`.
   */
  serverSideEncryption?: string | ServerSideEncryption | undefined
  /** Fail with `ALREADY_EXISTS` when the object exists. Default false. Not on OBS. */
  forbidOverwrite?: boolean | undefined
  /**
   * Replace only the object with this ETag, as `head()` or the result of an upload reports it; fail with `PRECONDITION_FAILED` where
   * there is another object, or none. S3 alone.
   */
  ifMatch?: string | undefined
  /** A request that the service sends to a server of yours once the object is stored. Not on S3. */
  callback?: Callback | undefined
  /** A limit of the service on each request, in bit/s: 245,760 to 838,860,800 on OSS, 819,200 to 838,860,800 on OBS. */
  trafficLimit?: number | undefined
  /** OBS: delete the object so many days after it was last changed. */
  expireAfterDays?: number | undefined
  /** Send `Content-MD5` with each part, for the service to check beside its own checksum. Default false. */
  contentMd5?: boolean | undefined
}

/** How the service encrypts an object at rest. */
export interface ServerSideEncryption {
  /** Default `AES256` with a `customerKey`; without one it must be there. */
  algorithm?: string | undefined
  /** The KMS key; only with an algorithm of KMS. */
  keyId?: string | undefined
  /** OSS: `SM4`, only with `KMS`. OBS: `SM4`, only with `kms` and signatureVersion `obs`. */
  dataEncryption?: string | undefined
  /**
   * OBS and S3: a key of your own (SSE-C), 32 bytes or their base64. The service forgets it: whoever reads the object
   * must give it again. Never in an error, never over plain HTTP.
   */
  customerKey?: Uint8Array | string | undefined
}

/** The server must answer within 5 s with status 200 and JSON (OSS documentation, "Callback"). */
export interface Callback {
  /** Up to 5 URLs on OSS and 10 on OBS, tried in order. Characters outside ASCII are percent-encoded. */
  url: string | readonly string[]
  /**
   * The body to send, with placeholders: `${bucket}`, `${object}`, `${size}`, `${x:name}` on OSS, `$(bucket)`, `$(key)`,
   * `$(fsize)` on OBS.
   */
  body: string
  /** The `Host` header of the request. Default: as the URL. */
  host?: string | undefined
  /** Default `application/x-www-form-urlencoded`. */
  bodyType?: 'application/x-www-form-urlencoded' | 'application/json' | undefined
  /** Send the host name when connecting by TLS. */
  sni?: boolean | undefined
  /** Values for the `${x:name}` placeholders; names in lower case, with or without their `x:`. */
  variables?: Readonly<Record<string, string>> | undefined
}

/**
 * What an option belongs to. `object`: it is settled when the upload begins, so a resumed upload must have the same.
 * `request`: it goes along with single requests, and may be another one when the upload is resumed.
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

const copies = new WeakSet<ObjectOptions>()

/** Copies the options: what the caller changes afterwards, for the next upload perhaps, has no effect on this one. */
export function copyOfObjectOptions(options: ObjectOptions): ObjectOptions {
  const own = OBJECT_OPTION_NAMES.flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [[name, typeof value === 'object' ? structuredClone(value) : value] as const]
  })
  const copy: ObjectOptions = Object.fromEntries(own)
  copies.add(copy)
  return copy
}

/** Whether the options are such a copy, which nobody changes. */
export function isOwnCopy(options: ObjectOptions): boolean {
  return copies.has(options)
}
