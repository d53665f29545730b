/** SIGINT, SIGTERM and SIGHUP: the first gives up cleanly, the second ends the process at once. */
import process from 'node:process'
import { Failure } from './failure.js'
import { exitCodeOfSignal } from './exit-codes.js'

export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal
  /** The signal that came, if one came. */
  received(): NodeJS.Signals | undefined
  dispose(): void
}

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

export function listenForSignals(onFirst: (signal: NodeJS.Signals) => void): Interruption {
  const controller = new AbortController()
  let received: NodeJS.Signals | undefined
  const dispose = () => {
    for (const name of SIGNALS) process.off(name, listener)
  }
  const listener = (name: NodeJS.Signals) => {
    if (received === undefined) {
      received = name
      onFirst(name)
      controller.abort(new Failure(exitCodeOfSignal(name), `ended by ${name}`))
      return
    }
    // Without a listener the signal does what it does to every program: the shell sees 130, 143 or 129.
    dispose()
    process.kill(process.pid, name)
    // Process 1 of a container is not ended by a signal that it does not handle.
    process.exit(exitCodeOfSignal(name))
  }
  for (const name of SIGNALS) process.on(name, listener)
  return { signal: controller.signal, received: () => received, dispose }
}
