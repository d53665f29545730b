import type { RetryNotice } from '../../index.js'
import type { Output } from '../process/output.js'
import type { Reporter } from './reporter.js'
import type { TransferFacts } from './transfer-facts.js'

/** Newline-delimited JSON for programs: each line is one event with its name in `event`. */
export class JsonEvents implements Reporter {
  readonly ownsTerminal = false
  readonly #output: Output
  readonly #everyMs: number | undefined
  #nextMs = 0

  /** Without `everyMs` no progress is reported, because most programs wait for the end. */
  constructor(output: Output, everyMs: number | undefined) {
    this.#output = output
    this.#everyMs = everyMs
  }

  progress(facts: TransferFacts): void {
    if (this.#everyMs === undefined || facts.elapsedMs < this.#nextMs) return
    this.#nextMs = facts.elapsedMs + this.#everyMs
    const rounded = {
      ...facts,
      elapsedMs: Math.round(facts.elapsedMs),
      rateNow: Math.round(facts.rateNow),
      rateMean: Math.round(facts.rateMean),
    }
    this.event('progress', rounded)
  }

  retry(retry: RetryNotice): void {
    this.event('retry', { ...retry })
  }

  event(name: string, fields: Readonly<Record<string, unknown>>): void {
    this.#output.json({ event: name, ...fields })
  }

  note(): void {}
  foreign(): void {}
  summary(): void {}

  label(): void {
    this.#nextMs = 0
  }

  close(): void {}
}
