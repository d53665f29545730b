import type { Writable } from 'node:stream'
import { EXIT } from './exit-codes.js'
import { Failure, isReaderGone } from './failure.js'

/** What is asked of a terminal; a stream that is none has less. */
export interface OutputStream extends Writable {
  isTTY?: boolean
  columns?: number
  hasColors?(count: number): boolean
}

/** Standard output or standard error: a reader that goes away ends what is said, not the process. */
export class Output {
  readonly stream: OutputStream
  #failure: Error | undefined

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

  write(text: string | Uint8Array): void {
    if (this.#failure === undefined) this.stream.write(text)
  }

  line(text: string): void {
    this.write(`${text}\n`)
  }

  /** For output that is all a command is for. */
  throwIfGone(): void {
    if (this.#failure === undefined) return
    throw isReaderGone(this.#failure)
      ? new Failure(EXIT.readerGone, 'the reader of standard output went away', this.#failure)
      : new Failure(EXIT.failed, `standard output: ${this.#failure.message}`, this.#failure)
  }
}
