import type { Arguments } from './arguments.js'
import type { OptionSpec } from './option-specs.js'
import type { Session } from './session.js'

export interface Invocation extends Arguments {
  session: Session
}

/** A command as data: what runs it and what explains it read the same. */
export interface Command {
  name: string
  summary: string
  /** How it is typed, without `ossup` and the name. */
  synopses: readonly string[]
  /** Its own options, explained in its help. */
  options: readonly OptionSpec[]
  /** What it shares with others, which its help only names. */
  sharedOptions: readonly OptionSpec[]
  operands: { min: number; max: number }
  takesCommand: boolean
  /** Runs until a signal comes, which is no failure then. */
  endsBySignal?: boolean
  examples: readonly string[]
  /** The exit status of a failure that says nothing itself. */
  failureCode: number
  run(invocation: Invocation): Promise<void>
}
