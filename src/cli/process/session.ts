import type { Readable } from 'node:stream'
import type { Output } from './output.js'

/** A descriptor, or a stream that takes its place. */
export type StandardInput = { fd: number } | Readable

/** What a command has of the process it runs in. */
export interface Session {
  /** Not `process.stdin`: opening that changes how others can read it, and gives an empty stream for what Node does not know. */
  stdin: StandardInput
  /** Returns the descriptors from 3 on that this process was started with. */
  descriptors: () => readonly number[]
  stdout: Output
  stderr: Output
  environment: NodeJS.ProcessEnv
  /** Aborted when the process gets a signal to end. */
  signal: AbortSignal
}
