import type { RetryNotice } from '../../index.js'
import type { Output } from '../process/output.js'
import { retryText, showSummary } from './plain-progress.js'
import { progressLine } from './progress-line.js'
import type { Reporter } from './reporter.js'
import type { TransferFacts } from './transfer-facts.js'

const GREEN = '\x1b[32m'
const YELLOW = '\x1b[33m'
const PLAIN = '\x1b[39m'

/** Milliseconds after which an unfinished line of the producer is shown. */
const QUESTION_MS = 200

/** One progress line at the bottom of a terminal. The output of others goes above it. */
export class LiveProgress implements Reporter {
  readonly ownsTerminal = true
  readonly #terminal: Output
  readonly #summaries: Output
  #label = ''
  /** Text of the producer whose line has not ended. */
  #unfinished = ''
  /** Shows an unfinished line, which may be a question. */
  #question: NodeJS.Timeout | undefined
  /** Bytes received when a question was shown. No progress is shown until more bytes are received. */
  #asksAt: number | undefined
  #received = 0

  constructor(terminal: Output, summaries: Output) {
    this.#terminal = terminal
    this.#summaries = summaries
  }

  progress(facts: TransferFacts): void {
    this.#received = facts.bytes + (facts.held ?? 0)
    // Progress must not overwrite the prompt of a producer that asks for a password before it writes anything.
    if (facts.bytes === 0 || this.#asksAt === this.#received) return
    this.#endQuestion()
    // The last column stays free, because terminals differ in what they do after it is written.
    const line = progressLine(facts, Math.max(this.#terminal.columns - 1, 1), this.#label)
    this.#terminal.bottomLine(this.#terminal.hasColours ? coloured(line) : line)
  }

  retry(retry: RetryNotice): void {
    this.note(retryText(retry))
  }

  note(text: string): void {
    this.#endQuestion()
    this.#terminal.line(`ossup: ${this.#label === '' ? '' : `${this.#label} `}${text}`)
  }

  event(): void {}

  foreign(chunk: Uint8Array): void {
    clearTimeout(this.#question)
    const text = this.#unfinished + Buffer.from(chunk).toString('latin1')
    const end = text.lastIndexOf('\n') + 1
    // Keeps only what a terminal would still show of a line that its producer overwrites repeatedly, as curl and dd do for hours.
    this.#unfinished = text.slice(Math.max(end, text.lastIndexOf('\r', text.length - 2)))
    if (this.#asksAt !== undefined) this.#continueQuestion(chunk, end > 0)
    else if (end > 0) this.#terminal.write(Buffer.from(text.slice(0, end), 'latin1'))
    if (this.#unfinished !== '' && !this.#unfinished.includes('\r')) {
      this.#question = setTimeout(() => this.#ask(), QUESTION_MS).unref()
    }
  }

  summary(text: string): void {
    this.close()
    showSummary(this.#summaries, text)
  }

  label(text: string): void {
    this.#label = text
  }

  close(): void {
    clearTimeout(this.#question)
    this.#terminal.bottomLine('')
    if (this.#asksAt !== undefined) this.#endQuestion()
    else if (this.#unfinished !== '') this.#terminal.write(Buffer.from(`${this.#unfinished}\n`, 'latin1'))
    this.#unfinished = ''
  }

  /** Shows the unfinished line unchanged, with the cursor after it. */
  #ask(): void {
    if (this.#asksAt !== undefined) return
    this.#asksAt = this.#received
    this.#terminal.bottomLine('')
    this.#terminal.write(Buffer.from(this.#unfinished, 'latin1'))
  }

  /** Shows what follows a question immediately. The end of its line ends the question. */
  #continueQuestion(chunk: Uint8Array, isLineEnded: boolean): void {
    this.#terminal.write(chunk)
    if (isLineEnded) this.#asksAt = this.#unfinished === '' ? undefined : this.#received
  }

  /** Input without echo leaves the cursor after the prompt. */
  #endQuestion(): void {
    if (this.#asksAt === undefined) return
    this.#asksAt = undefined
    this.#unfinished = ''
    this.#terminal.write('\n')
  }
}

/** The bar is green, retries are yellow. */
function coloured(line: string): string {
  return line
    .replace(/\[[=> ]+\]/, (bar) => `${GREEN}${bar}${PLAIN}`)
    .replace(/service away/, (away) => `${YELLOW}${away}${PLAIN}`)
    .replace(/\d+ (?:retry|retries)\b/, (retries) => `${YELLOW}${retries}${PLAIN}`)
}
