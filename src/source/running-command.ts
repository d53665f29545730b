import type { ChildProcess } from 'node:child_process'
import { endProcessTree } from './process-tree.js'

export interface CommandEnd {
  code: number | null
  signal: NodeJS.Signals | null
  /** Why it was not started. */
  error?: Error
}

/** The process of a command, from its start to its end. */
export class RunningCommand {
  /** Settles when the process has ended, or could not be started. */
  readonly ended: Promise<CommandEnd>
  readonly #child: ChildProcess
  readonly #graceMs: number
  #stopped: Promise<void> | undefined

  constructor(child: ChildProcess, graceMs: number) {
    this.#child = child
    this.#graceMs = graceMs
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: null, signal: null, error }))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
  }

  /**
   * Ends the process and those that it started: SIGTERM, then SIGKILL to those that still run after the grace. Resolves
   * when all have ended, or cannot be ended.
   */
  async stop(): Promise<void> {
    this.#stopped ??= endProcessTree(this.#child, this.#graceMs).then(() => {
      // One that runs as another user may be there still: this process does not wait for it.
      this.#child.unref()
    })
    await this.#stopped
  }
}
