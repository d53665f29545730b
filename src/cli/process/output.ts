import type { Writable } from 'node:stream'
import { EXIT } from './exit-codes.js'
import { Failure, isReaderGone } from './failure.js'
import { type ObjectBytes, viewWriter } from './object-bytes.js'
import { printable, printableJson } from './printable.js'

/** What is used of a terminal. A stream that is not a terminal has less. */
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
 * Standard output or standard error. If its reader closes it, output ends, but not the process. On a terminal it may have a bottom line,
 * which is overwritten in place; all other output goes above it.
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

  /** Default: on a terminal, by NO_COLOR, FORCE_COLOR and TERM. */
  get hasColours(): boolean {
    return this.#colours === 'auto' ? this.stream.hasColors?.(16) === true : this.#colours === 'always'
  }

  setColours(when: (typeof COLOUR_TIMES)[number]): void {
    this.#colours = when
  }

  /** Whole lines only, if there is a bottom line. */
  write(text: string | Uint8Array): void {
    if (this.#bottomLine === '') this.#send(text)
    else {
      this.#send(ERASE_LINE)
      this.#send(text)
      this.#send(`${this.#bottomLine}\r`)
    }
  }

  /** Writes one line. Escapes everything that a terminal would interpret, including line ends. */
  line(text: string, colour?: Colour): void {
    const shown = printable(text)
    this.write(colour !== undefined && this.hasColours ? `${COLOURS[colour]}${shown}${PLAIN}\n` : `${shown}\n`)
  }

  /** The same for a text of several lines, which must not contain text of others. */
  lines(text: string): void {
    this.write(`${text.split('\n').map(printable).join('\n')}\n`)
  }

  /** Writes a value as one line of JSON. */
  json(value: unknown): void {
    this.write(`${printableJson(value)}\n`)
  }

  /**
   * Shows a line at the bottom in place of the previous one; an empty line removes it. The line is overwritten and never
   * erased first, so it does not flicker. The cursor stays at its start, so that the `^C` that a terminal echoes is
   * overwritten too.
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

  /** Writes all bytes of an object. Resolves when all have been written. Nothing may be written after it rejects. */
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

  /** For commands whose purpose is their output. */
  throwIfGone(): void {
    const error = this.#error
    if (error === undefined) return
    throw isReaderGone(error)
      ? new Failure(EXIT.readerGone, 'the reader of standard output closed it', error)
      : new Failure(EXIT.failed, `standard output cannot be written: ${error.message}`, error)
  }

  /** The stream has the error before it emits it. */
  get #error(): Error | undefined {
    return this.#failure ?? this.stream.errored ?? undefined
  }

  #send(text: string | Uint8Array): void {
    if (this.#error === undefined && !this.stream.destroyed) this.stream.write(text)
  }
}
