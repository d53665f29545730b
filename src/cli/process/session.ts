import type { Readable } from 'node:stream'
import type { Output } from './output.js'

/** What a command has of the process it runs in. */
export interface Session {
  /** Asked for only where it is read: opening it changes how a producer that inherits it can read it. */
  stdin: () => Readable & { isTTY?: boolean }
  stdout: Output
  stderr: Output
  environment: NodeJS.ProcessEnv
  /** Aborted when the process is told to end. */
  signal: AbortSignal
}
