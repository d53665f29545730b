/** The limits of a service. Each dialect has its own; tests reduce them. */
export interface Limits {
  /** Smallest size in bytes of a part, except the last one; checked by Complete. */
  readonly minPartSize: number
  /** Largest size in bytes of a part. */
  readonly maxPartSize: number
  /** Largest size in bytes of an object uploaded by one PUT. */
  readonly maxPutSize: number
  /** The highest part number. */
  readonly maxParts: number
  /** Longest key, in bytes of UTF-8. */
  readonly maxKeyBytes: number
  /** Largest user metadata in bytes, names and values together. */
  readonly maxMetadataBytes: number
  readonly maxTags: number
  /** Largest page of a list. */
  readonly maxPage: number
  /** Largest difference between the date of a request and the clock of the server. */
  readonly maxSkewMs: number
  /** A request without a byte of its body for this long gets RequestTimeout. */
  readonly bodyIdleMs: number
  /** Time limit for the response of an application server to a callback. */
  readonly callbackMs: number
}
