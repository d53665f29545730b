import type { RetryNotice } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { countOf } from '../options/counts.js'
import { formatClock, formatSeconds } from '../options/durations.js'
import type { Output } from '../process/output.js'
import type { Reporter } from './reporter.js'
import type { TransferFacts } from './transfer-facts.js'

const INTERVAL_MS = 30_000

/** Writes a line at intervals, for logs. */
export class PlainProgress implements Reporter {
  readonly ownsTerminal = false
  readonly #stderr: Output
  readonly #summaries: Output
  readonly #everyMs: number
  #nextMs: number
  #label = ''

  constructor(stderr: Output, summaries: Output, everyMs: number = INTERVAL_MS) {
    this.#stderr = stderr
    this.#summaries = summaries
    this.#everyMs = everyMs
    this.#nextMs = everyMs
  }

  progress(facts: TransferFacts): void {
    if (facts.elapsedMs < this.#nextMs) return
    this.#nextMs = facts.elapsedMs + this.#everyMs
    this.#stderr.line(`ossup: ${this.#label}${plainLine(facts)}`)
  }

  retry(retry: RetryNotice): void {
    this.note(retryText(retry))
  }

  note(text: string): void {
    this.#stderr.line(`ossup: ${this.#label}${text}`)
  }

  event(): void {}

  foreign(chunk: Uint8Array): void {
    this.#stderr.write(chunk)
  }

  summary(text: string): void {
    showSummary(this.#summaries, text)
  }

  label(text: string): void {
    this.#label = `${text} `
    this.#nextMs = this.#everyMs
  }

  close(): void {}
}

/** The first line contains the result. */
export function showSummary(output: Output, text: string): void {
  for (const [index, line] of text.split('\n').entries()) output.line(line, index === 0 ? 'green' : undefined)
}

/** Describes a retry. */
export function retryText({ operation, partNumber, attempt, delayMs, reason }: RetryNotice): string {
  const what = partNumber === undefined ? operation : `${operation} ${partNumber}`
  return `${what}: attempt ${attempt} failed (${reason}), the next in ${formatSeconds(delayMs)}`
}

/** Formats the progress as one line of a log. */
export function plainLine(facts: TransferFacts): string {
  const { bytes, total, verb, elapsedMs, rateNow, rateMean, retries, partsDone, partsInFlight, slowSide, waitsMs } =
    facts
  return [
    `${formatByteSize(bytes)}${total === undefined ? '' : ` of ${formatByteSize(total)}`} ${verb}`,
    `${formatByteSize(rateNow)}/s (mean ${formatByteSize(rateMean)}/s)`,
    formatClock(elapsedMs),
    ...(partsDone === undefined ? [] : [`${countOf(partsDone, 'part')} done, ${partsInFlight ?? 0} in flight`]),
    countOf(retries, 'retry', 'retries'),
    ...(slowSide === undefined ? [] : [`slow: ${slowSide}`]),
    ...(waitsMs === undefined ? [] : [`service away, ${formatClock(waitsMs)} to wait`]),
  ].join(', ')
}
