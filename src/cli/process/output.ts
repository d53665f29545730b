import type { Writable } from 'node:stream'
import { EXIT } from './exit-codes.js'
import { Failure, isReaderGone } from './failure.js'
import { type ObjectBytes, viewWriter } from './object-bytes.js'
import { printable, printableJson } from './printable.js'

/** What is asked of a terminal; a stream that is none has less. */
export interface OutputStream extends Writable {
  isTTY?: boolean
  columns?: number
  hasColors?(count: number): boolean
}

const COLOURS = { red: '\x1b[31m', green: '\x1b[32m' } as const
const PLAIN = '\x1b[39m'

type Colour = keyof typeof COLOURS

/** The values of `--color`. */
export const COLOUR_TIMES = ['auto', 'always', 'never'] as const

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
  #colours: (typeof COLOUR_TIMES)[number] = 'auto'

  constructor(stream: OutputStream) {
    this.stream = stream
    stream.on('error', (error) => {
      this.#failure ??= error
    })
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true
  }

  /** Columns of the terminal; 80 if unknown. */
  get columns(): number {
    const { columns } = this.stream
    return columns === undefined || columns < 1 ? 80 : columns
  }

  /** Unless it was set: on a terminal, by NO_COLOR, FORCE_COLOR and TERM. */
  get hasColours(): boolean {
    return this.#colours === 'auto' ? this.stream.hasColors?.(16) === true : this.#colours === 'always'
  }

  setColours(when: (typeof COLOUR_TIMES)[number]): void {
    this.#colours = when
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

  /** Writes one line: what a terminal would obey in it is escaped, line ends included. */
  line(text: string, colour?: Colour): void {
    const shown = printable(text)
    this.write(colour !== undefined && this.hasColours ? `${COLOURS[colour]}${shown}${PLAIN}\n` : `${shown}\n`)
  }

  /** The same for a text of several lines, which must be our own. */
  lines(text: string): void {
    this.write(`${text.split('\n').map(printable).join('\n')}\n`)
  }

  /** Writes a value as one line of JSON. */
  json(value: unknown): void {
    this.write(`${printableJson(value)}\n`)
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

  /** Resolves when everything has been written, or nothing more can be. Rejects with the signal's reason when aborted. */
  async flush(signal?: AbortSignal): Promise<void> {
    const { stream } = this
    if (this.#error !== undefined || stream.destroyed || stream.writableLength === 0) return
    signal?.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      const stop = () => reject(signal?.reason as Error)
      signal?.addEventListener('abort', stop)
      stream.write('', () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      })
    })
  }

  /** Writes all bytes of an object. Resolves when every one of them has been written; nothing may follow when it rejects. */
  async writeAll(object: ObjectBytes, signal: AbortSignal): Promise<void> {
    // A reader that has stopped reading would never drain the stream.
    const stop = () => this.stream.destroy()
    signal.addEventListener('abort', stop)
    try {
      await object.writeTo(viewWriter(this.stream))
      await this.flush(signal)
    } catch (error) {
      signal.throwIfAborted()
      this.throwIfGone()
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
    }
    this.throwIfGone()
  }

  /** For output that is all a command is for. */
  throwIfGone(): void {
    const error = this.#error
    if (error === undefined) return
    throw isReaderGone(error)
      ? new Failure(EXIT.readerGone, 'the reader of standard output went away', error)
      : new Failure(EXIT.failed, `standard output cannot be written: ${error.message}`, error)
  }

  /** Known to the stream before it is emitted. */
  get #error(): Error | undefined {
    return this.#failure ?? this.stream.errored ?? undefined
  }

  #send(text: string | Uint8Array): void {
    if (this.#error === undefined && !this.stream.destroyed) this.stream.write(text)
  }
}
