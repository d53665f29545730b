/** SIGINT, SIGTERM and SIGHUP: the first one aborts cleanly, the second one ends the process at once. */
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { Failure } from './failure.js'
import { exitCodeOfSignal } from './exit-codes.js'

export interface Interruption {
  /** Aborted by the first signal. */
  signal: AbortSignal
  /** The received signal, if any. */
  received(): NodeJS.Signals | undefined
  /** Resolves when a signal was received, or when one that was sent to the whole process group must have been received. */
  settled(): Promise<void>
  dispose(): void
}

/** Milliseconds by which this process may notice a signal later than another process of its group ends because of it. */
const GROUP_MS = 200

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
    // Without a listener the signal has its default effect: the shell sees 130, 143 or 129.
    dispose()
    process.kill(process.pid, name)
    // A signal without a handler does not end process 1 of a container.
    process.exit(exitCodeOfSignal(name))
  }
  for (const name of SIGNALS) process.on(name, listener)
  const { signal } = controller
  const settled = async () => {
    await delay(GROUP_MS, undefined, { signal }).catch(() => undefined)
  }
  return { signal, received: () => received, settled, dispose }
}
