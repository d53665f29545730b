import type { RetryNotice } from '../../index.js'
import type { TransferFacts } from './transfer-facts.js'

/** Reports the progress of a transfer. If it cannot be written, the transfer does not fail. */
export interface Reporter {
  /** True where a line is drawn that other output to the terminal would break. */
  readonly ownsTerminal: boolean
  /** Called some times a second. */
  progress(facts: TransferFacts): void
  retry(retry: RetryNotice): void
  /** A note for people; programs get an event. */
  note(text: string): void
  /** For programs: what happened, with what belongs to it. */
  event(name: string, fields: Readonly<Record<string, unknown>>): void
  /** What a producer says on standard error. */
  foreign(chunk: Uint8Array): void
  /** What is to be read when all is over. */
  summary(text: string): void
  /** Which of several transfers this is, such as `2/5`. */
  label(text: string): void
  /** Takes away what is drawn. */
  close(): void
}
