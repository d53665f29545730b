/** What an object is to be, as far as the store decides it. Which of them a service knows, its dialect says. */
export interface ObjectOptions {
  /** `Content-Type`. Default `application/octet-stream`. */
  contentType?: string | undefined
  /** User metadata. Names of `A-Z a-z 0-9 -`, lower-cased by the service; values of printable ASCII; 8 KiB in all on OSS. */
  metadata?: Readonly<Record<string, string>> | undefined
  /** Further headers: `Cache-Control`, `Content-Disposition`, `Content-Encoding`, `Expires` or the service's own. */
  headers?: Readonly<Record<string, string>> | undefined
  /** OSS: `private`, `public-read`, `public-read-write` or `default`. Default: as the bucket. */
  acl?: string | undefined
  /** OSS: `Standard`, `IA`, `Archive`, `ColdArchive` or `DeepColdArchive`. Default: as the bucket. */
  storageClass?: string | undefined
  /** At most 10 tags on OSS; names up to 128 bytes, values up to 256. */
  tagging?: Readonly<Record<string, string>> | undefined
  /** OSS: `AES256`, `SM4` or `KMS`, alone or with a key id and the algorithm that KMS is to use for the data. */
  serverSideEncryption?: string | ServerSideEncryption | undefined
  /** Fail with `ALREADY_EXISTS` when the object exists. Default false. */
  forbidOverwrite?: boolean | undefined
  /** A request that the service sends to a server of yours once the object is stored. */
  callback?: Callback | undefined
  /** A limit of the service on each request, in bit/s: 245,760 to 838,860,800 on OSS. */
  trafficLimit?: number | undefined
  /** Send `Content-MD5` with each part, for the service to check beside the CRC-64. Default false. */
  contentMd5?: boolean | undefined
}

export interface ServerSideEncryption {
  algorithm: string
  /** The KMS key; only with `KMS`. */
  keyId?: string | undefined
  /** `SM4`; only with `KMS`. */
  dataEncryption?: string | undefined
}

/** The server must answer within 5 s with status 200 and JSON (OSS documentation, "Callback"). */
export interface Callback {
  /** Up to 5 URLs, tried in order. */
  url: string | readonly string[]
  /** The body to send, with placeholders such as `${bucket}`, `${object}`, `${size}`, `${x:name}`. */
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

export const OBJECT_OPTION_NAMES: readonly (keyof ObjectOptions)[] = [
  'contentType',
  'metadata',
  'headers',
  'acl',
  'storageClass',
  'tagging',
  'serverSideEncryption',
  'forbidOverwrite',
  'callback',
  'trafficLimit',
  'contentMd5',
]
