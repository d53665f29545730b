/** Reads lines and byte ranges from a stream of chunks. */
import { Buffer } from 'node:buffer'

/** Longest line: a few numbers and a signature. */
const MAX_LINE = 4096

export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array()

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]()
  }

  /** Reads the text up to CR LF; undefined if the stream ends first, or the line is too long. */
  async line(): Promise<string | undefined> {
    let text = ''
    while (text.length <= MAX_LINE) {
      const chunk = await this.upTo(MAX_LINE)
      if (chunk === undefined) return undefined
      text += Buffer.from(chunk).toString('latin1')
      const end = text.indexOf('\r\n')
      if (end < 0) continue
      this.#giveBack(Buffer.from(text.slice(end + 2), 'latin1'))
      return text.slice(0, end)
    }
    return undefined
  }

  /** Reads at least one byte and at most `limit`; undefined at the end. */
  async upTo(limit: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next()
      if (next.done === true) return undefined
      this.#rest = next.value
    }
    const slice = this.#rest.subarray(0, limit)
    this.#rest = this.#rest.subarray(slice.length)
    return slice
  }

  #giveBack(bytes: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([bytes, this.#rest])
  }
}
