import type { Contender } from './contender.js'
import type { Receivers } from './receiver/receivers.js'

/** What every benchmark works with. */
export interface SuiteTools {
  contenders: readonly Contender[]
  receivers: Receivers
  /** For files; removed at the end. */
  folder: string
  /** A report for people. */
  print: (text: string) => void
  onTurn: (name: string, run: number) => void
}
