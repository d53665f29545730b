import type { RetryNotice } from '../index.js'
import type { Output } from './output.js'
import { retryText } from './plain-progress.js'
import { progressLine } from './progress-line.js'
import type { Reporter } from './reporter.js'
import type { TransferFacts } from './transfer-facts.js'

const ERASE_TO_END = '\x1b[K'
const GREEN = '\x1b[32m'
const YELLOW = '\x1b[33m'
const PLAIN = '\x1b[39m'

/**
 * One line at the bottom of a terminal, written over in place: never erased first, so that it does not flicker. What
 * others have to say goes above it.
 */
export class LiveProgress implements Reporter {
  readonly ownsTerminal = true
  readonly #terminal: Output
  readonly #summaries: Output
  #shown = ''
  #label = ''
  /** Foreign text that has not come to the end of its line. */
  #unfinished = ''

  constructor(terminal: Output, summaries: Output) {
    this.#terminal = terminal
    this.#summaries = summaries
  }

  progress(facts: TransferFacts): void {
    // A producer that asks for a password before it writes anything is not to be written over.
    if (facts.bytes === 0 && this.#shown === '') return
    // The last column stays free: terminals differ in what they do when it has been written.
    const line = progressLine(facts, Math.max(this.#terminal.columns - 1, 1), this.#label)
    this.#draw(this.#terminal.hasColours ? coloured(line) : line)
  }

  retry(retry: RetryNotice): void {
    this.#above(`ossup: ${this.#label === '' ? '' : `${this.#label} `}${retryText(retry)}\n`)
  }

  event(): void {}

  foreign(chunk: Uint8Array): void {
    const text = this.#unfinished + Buffer.from(chunk).toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    this.#unfinished = text.slice(end)
    if (end > 0) this.#above(Buffer.from(text.slice(0, end), 'latin1'))
  }

  summary(text: string): void {
    this.close()
    this.#summaries.line(text)
  }

  label(text: string): void {
    this.#label = text
  }

  close(): void {
    if (this.#shown !== '') this.#terminal.write(`\r${ERASE_TO_END}`)
    this.#shown = ''
    if (this.#unfinished !== '') this.#terminal.write(Buffer.from(`${this.#unfinished}\n`, 'latin1'))
    this.#unfinished = ''
  }

  #draw(line: string): void {
    if (line === this.#shown) return
    this.#shown = line
    this.#terminal.write(`\r${line}${ERASE_TO_END}`)
  }

  #above(text: string | Uint8Array): void {
    const line = this.#shown
    if (line !== '') this.#terminal.write(`\r${ERASE_TO_END}`)
    this.#terminal.write(text)
    if (line !== '') this.#terminal.write(line)
  }
}

/** The bar is green, retries are yellow: what is good and what asks for a look. */
function coloured(line: string): string {
  return line
    .replace(/^\[[=> ]+\]/, (bar) => `${GREEN}${bar}${PLAIN}`)
    .replace(/\d+ (?:retry|retries)\b/, (retries) => `${YELLOW}${retries}${PLAIN}`)
}
