import type { Arguments } from '../options/arguments.js'
import type { OptionSpec } from '../options/specs/option-spec.js'
import type { Session } from '../process/session.js'

export interface Invocation extends Arguments {
  session: Session
}

/** What stands in an operand's place: where objects are, a file, or one of some words. */
export type OperandKind = 'target' | 'file' | readonly string[]

export interface Operands {
  min: number
  max: number
  /** In their order; the last one stands for all that follow. */
  kinds: readonly OperandKind[]
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
  operands: Operands
  takesCommand: boolean
  /** Its standard output is for an object's bytes, and has nothing else in it. */
  writesObject?: boolean
  /** Has done its work even if what it prints cannot be written. */
  mayLoseOutput?: boolean
  /** Runs until a signal comes, which is no failure then. */
  endsBySignal?: boolean
  examples: readonly string[]
  /** The exit status of a failure that says nothing itself. */
  failureCode: number
  run(invocation: Invocation): Promise<void>
}
