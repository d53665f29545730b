/** The numbers a service enforces. Each dialect has its own; tests make them small. */
export interface Limits {
  /** Bytes of every part but the last, checked by Complete. */
  readonly minPartSize: number
  /** Bytes of a part. */
  readonly maxPartSize: number
  /** Bytes of an object that is put. */
  readonly maxPutSize: number
  /** The highest part number. */
  readonly maxParts: number
  /** Bytes of a key in UTF-8. */
  readonly maxKeyBytes: number
  /** Bytes of user metadata, names and values together. */
  readonly maxMetadataBytes: number
  readonly maxTags: number
  /** Entries of a page of a list. */
  readonly maxPage: number
  /** How far the date of a request may be off. */
  readonly maxSkewMs: number
  /** A body from which no byte arrives for that long is answered with RequestTimeout. */
  readonly bodyIdleMs: number
  /** How long an application server may take to answer a callback. */
  readonly callbackMs: number
}
