/** How a request's body is wrapped on its way, and how it shows that it is what its sender signed. */
export interface BodyCoding {
  /** The content of the body. Throws, at the latest at its end, where that is not what was signed. */
  decode(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** Bytes of the content, where the length of the message is another. */
  readonly contentLength?: number
  /** What came behind the content, by lower-case name: there when the content has been read. */
  readonly trailers: ReadonlyMap<string, string>
}

/** Nothing is wrapped, nothing is signed. */
export const plainBody: BodyCoding = { decode: (body) => body, trailers: new Map() }
