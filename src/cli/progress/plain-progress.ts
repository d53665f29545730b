import type { RetryNotice } from '../../index.js'
import { formatByteSize } from '../options/byte-sizes.js'
import { formatClock, formatSeconds } from '../options/durations.js'
import type { Output } from '../process/output.js'
import type { Reporter } from './reporter.js'
import type { TransferFacts } from './transfer-facts.js'

const INTERVAL_MS = 30_000

/** A line now and then, for logs. */
export class PlainProgress implements Reporter {
  readonly ownsTerminal = false
  readonly #stderr: Output
  readonly #summaries: Output
  #nextMs = INTERVAL_MS
  #label = ''

  constructor(stderr: Output, summaries: Output) {
    this.#stderr = stderr
    this.#summaries = summaries
  }

  progress(facts: TransferFacts): void {
    if (facts.elapsedMs < this.#nextMs) return
    this.#nextMs = facts.elapsedMs + INTERVAL_MS
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
    for (const line of text.split('\n')) this.#summaries.line(line)
  }

  label(text: string): void {
    this.#label = `${text} `
    this.#nextMs = INTERVAL_MS
  }

  close(): void {}
}

/** A retry in words, for people who wonder why nothing moves. */
export function retryText({ operation, partNumber, attempt, delayMs, reason }: RetryNotice): string {
  const what = partNumber === undefined ? operation : `${operation} ${partNumber}`
  return `${what}: attempt ${attempt} failed (${reason}), the next in ${formatSeconds(delayMs)}`
}

/** For logs: one line that stands alone. */
export function plainLine(facts: TransferFacts): string {
  const { bytes, total, verb, elapsedMs, rateNow, rateMean, retries, partsDone, partsInFlight, slowSide, waitsMs } =
    facts
  return [
    `${formatByteSize(bytes)}${total === undefined ? '' : ` of ${formatByteSize(total)}`} ${verb}`,
    `${formatByteSize(rateNow)}/s (mean ${formatByteSize(rateMean)}/s)`,
    formatClock(elapsedMs),
    ...(partsDone === undefined ? [] : [`${partsDone} parts done, ${partsInFlight ?? 0} in flight`]),
    `${retries} ${retries === 1 ? 'retry' : 'retries'}`,
    ...(slowSide === undefined ? [] : [`slow: ${slowSide}`]),
    ...(waitsMs === undefined ? [] : [`service away, ${formatClock(waitsMs)} to wait`]),
  ].join(', ')
}
