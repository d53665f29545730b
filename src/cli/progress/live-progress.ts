import type { RetryNotice } from '../../index.js'
import type { Output } from '../process/output.js'
import { retryText } from './plain-progress.js'
import { progressLine } from './progress-line.js'
import type { Reporter } from './reporter.js'
import type { TransferFacts } from './transfer-facts.js'

const GREEN = '\x1b[32m'
const YELLOW = '\x1b[33m'
const PLAIN = '\x1b[39m'

/** One line at the bottom of a terminal. What others have to say goes above it. */
export class LiveProgress implements Reporter {
  readonly ownsTerminal = true
  readonly #terminal: Output
  readonly #summaries: Output
  #label = ''
  /** Foreign text that has not come to the end of its line. */
  #unfinished = ''

  constructor(terminal: Output, summaries: Output) {
    this.#terminal = terminal
    this.#summaries = summaries
  }

  progress(facts: TransferFacts): void {
    // A producer that asks for a password before it writes anything is not to be written over.
    if (facts.bytes === 0) return
    // The last column stays free: terminals differ in what they do when it has been written.
    const line = progressLine(facts, Math.max(this.#terminal.columns - 1, 1), this.#label)
    this.#terminal.bottomLine(this.#terminal.hasColours ? coloured(line) : line)
  }

  retry(retry: RetryNotice): void {
    this.note(retryText(retry))
  }

  note(text: string): void {
    this.#terminal.line(`ossup: ${this.#label === '' ? '' : `${this.#label} `}${text}`)
  }

  event(): void {}

  foreign(chunk: Uint8Array): void {
    const text = this.#unfinished + Buffer.from(chunk).toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    // Of a line that its producer writes over again and again, what a terminal would still show: curl and dd do so for hours.
    this.#unfinished = text.slice(Math.max(end, text.lastIndexOf('\r', text.length - 2)))
    if (end > 0) this.#terminal.write(Buffer.from(text.slice(0, end), 'latin1'))
  }

  summary(text: string): void {
    this.close()
    this.#summaries.line(text)
  }

  label(text: string): void {
    this.#label = text
  }

  close(): void {
    this.#terminal.bottomLine('')
    if (this.#unfinished !== '') this.#terminal.write(Buffer.from(`${this.#unfinished}\n`, 'latin1'))
    this.#unfinished = ''
  }
}

/** The bar is green, retries are yellow: what is good and what asks for a look. */
function coloured(line: string): string {
  return line
    .replace(/\[[=> ]+\]/, (bar) => `${GREEN}${bar}${PLAIN}`)
    .replace(/service away/, (away) => `${YELLOW}${away}${PLAIN}`)
    .replace(/\d+ (?:retry|retries)\b/, (retries) => `${YELLOW}${retries}${PLAIN}`)
}
