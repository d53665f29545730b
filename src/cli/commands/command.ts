import type { Arguments } from '../options/arguments.js'
import type { OptionSpec } from '../options/specs/option-spec.js'
import type { Session } from '../process/session.js'

export interface Invocation extends Arguments {
  session: Session
}

/** What an operand is: a target, a file, or one of some words. */
export type OperandKind = 'target' | 'file' | readonly string[]

export interface Operands {
  min: number
  max: number
  /** In order; the last one applies to all further operands. */
  kinds: readonly OperandKind[]
}

/** A command as data, which both the runner and the help read. */
export interface Command {
  name: string
  summary: string
  /** How it is typed, without `ossup` and the name. */
  synopses: readonly string[]
  /** Its own options, explained in its help. */
  options: readonly OptionSpec[]
  /** Options that it shares with other commands; its help only lists their names. */
  sharedOptions: readonly OptionSpec[]
  operands: Operands
  takesCommand: boolean
  /** Its standard output contains the bytes of an object and nothing else. */
  writesObject?: boolean
  /** Succeeds even if its output cannot be written. */
  mayLoseOutput?: boolean
  /** Runs until a signal, which is not a failure then. */
  endsBySignal?: boolean
  examples: readonly string[]
  /** The exit status of a failure that has none of its own. */
  failureCode: number
  run(invocation: Invocation): Promise<void>
}
