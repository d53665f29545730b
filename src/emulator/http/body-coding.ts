/** The coding of a request's body, and the check of its signature. */
export interface BodyCoding {
  /** Yields the content of the body. Throws, at its end at the latest, if the signature does not match. */
  decode(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** Length of the content in bytes, if it differs from that of the message. */
  readonly contentLength?: number
  /** The trailers by lower-case name; available when the content has been read. */
  readonly trailers: ReadonlyMap<string, string>
}

/** A body without a coding or a signature. */
export const plainBody: BodyCoding = { decode: (body) => body, trailers: new Map() }
