import type { Writable } from 'node:stream'
import { EXIT } from './exit-codes.js'
import { Failure, isReaderGone } from './failure.js'

/** What is asked of a terminal; a stream that is none has less. */
export interface OutputStream extends Writable {
  isTTY?: boolean
  columns?: number
  hasColors?(count: number): boolean
}

const ERASE_LINE = '\r\x1b[K'
const ERASE_TO_END = '\x1b[K'

/**
 * Standard output or standard error: a reader that goes away ends what is said, not the process. On a terminal it may
 * have a line at the bottom that is written over in place; whatever else is written goes above that.
 */
export class Output {
  readonly stream: OutputStream
  #failure: Error | undefined
  #bottomLine = ''

  constructor(stream: OutputStream) {
    this.stream = stream
    stream.on('error', (error) => {
      this.#failure ??= error
    })
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true
  }

  /** What there is room for; 80 where nobody knows. */
  get columns(): number {
    const { columns } = this.stream
    return columns === undefined || columns < 1 ? 80 : columns
  }

  /** Heeds NO_COLOR, FORCE_COLOR and TERM. */
  get hasColours(): boolean {
    return this.stream.hasColors?.(16) === true
  }

  /** Of whole lines, where there is a bottom line. */
  write(text: string | Uint8Array): void {
    if (this.#bottomLine === '') this.#send(text)
    else {
      this.#send(ERASE_LINE)
      this.#send(text)
      this.#send(`${this.#bottomLine}\r`)
    }
  }

  line(text: string): void {
    this.write(`${text}\n`)
  }

  /**
   * Shows a line at the bottom instead of the one before; an empty one takes it away. It is written over and never
   * erased first: it does not flicker. The cursor waits at its beginning, so that the `^C` that a terminal echoes is
   * written over too.
   */
  bottomLine(line: string): void {
    if (line === this.#bottomLine) return
    this.#bottomLine = line
    this.#send(line === '' ? ERASE_LINE : `\r${line}${ERASE_TO_END}\r`)
  }

  /** For output that is all a command is for. */
  throwIfGone(): void {
    if (this.#failure === undefined) return
    throw isReaderGone(this.#failure)
      ? new Failure(EXIT.readerGone, 'the reader of standard output went away', this.#failure)
      : new Failure(EXIT.failed, `standard output: ${this.#failure.message}`, this.#failure)
  }

  #send(text: string | Uint8Array): void {
    if (this.#failure === undefined) this.stream.write(text)
  }
}
