import type { Readable } from 'node:stream'
import type { Output } from './output.js'

/** A descriptor, or a stream instead of one. */
export type StandardInput = { fd: number } | Readable

/** What a command uses of its process. */
export interface Session {
  /** Not `process.stdin`: opening that makes a shared pipe non-blocking, and it is empty for files that Node.js does not support. */
  stdin: StandardInput
  /** Returns the descriptors from 3 on that this process was started with. */
  descriptors: () => readonly number[]
  stdout: Output
  stderr: Output
  environment: NodeJS.ProcessEnv
  /** Aborted when the process gets a signal to end. */
  signal: AbortSignal
}
