import type { ChildProcess } from 'node:child_process'

/** How long a process that was sent SIGKILL is waited for: one that waits for a broken disk does not end before that does. */
const KILLED_MS = 5000

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
  #timer: NodeJS.Timeout | undefined
  #isOver = false
  #giveUp: () => void = () => undefined
  /** Resolves when there is nothing to wait for, although the process may be there: it may not be ended from here. */
  readonly #givenUp: Promise<void>

  constructor(child: ChildProcess, graceMs: number) {
    this.#child = child
    this.#graceMs = graceMs
    this.#givenUp = new Promise((resolve) => {
      this.#giveUp = resolve
    })
    this.ended = new Promise((resolve) => {
      const end = (how: CommandEnd): void => {
        this.#isOver = true
        clearTimeout(this.#timer)
        resolve(how)
      }
      // Also emitted when the process may not be sent a signal, because it runs as another user.
      child.on('error', (error) => {
        if (child.pid === undefined) end({ code: null, signal: null, error })
        else this.#leave()
      })
      child.once('exit', (code, signal) => end({ code, signal }))
    })
  }

  /** Ends the process: SIGTERM, and SIGKILL when it is there after the grace. Resolves when it is gone, or cannot be ended. */
  async stop(): Promise<void> {
    if (!this.#isOver && this.#timer === undefined) {
      this.#timer = setTimeout(() => {
        this.#timer = setTimeout(() => this.#leave(), KILLED_MS)
        this.#child.kill('SIGKILL')
      }, this.#graceMs)
      this.#child.kill('SIGTERM')
    }
    await Promise.race([this.ended, this.#givenUp])
  }

  #leave(): void {
    clearTimeout(this.#timer)
    this.#child.unref()
    this.#giveUp()
  }
}
