import type { RetryNotice } from '../../index.js'
import type { TransferFacts } from './transfer-facts.js'

/** Reports the progress of a transfer. If it cannot be written, the transfer does not fail. */
export interface Reporter {
  /** True where a line is drawn that other output to the terminal would break. */
  readonly ownsTerminal: boolean
  /** Called a few times per second. */
  progress(facts: TransferFacts): void
  retry(retry: RetryNotice): void
  /** Reports a note for people; programs get an event. */
  note(text: string): void
  /** Reports an event with its details, for programs. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void
  /** Reports what a producer writes on standard error. */
  foreign(chunk: Uint8Array): void
  /** Reports the summary. */
  summary(text: string): void
  /** The position among several transfers, such as `2/5`. */
  label(text: string): void
  /** Removes the progress line. */
  close(): void
}
