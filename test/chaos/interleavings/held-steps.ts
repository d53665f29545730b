import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** Looks at nothing that could be done, after which nothing will come any more. */
const PATIENCE = 300

/** Steps that have begun and settle when somebody chooses them. */
export class HeldSteps {
  readonly #steps: (() => void)[] = []

  /** Resolves, or rejects with the error, when this step is chosen. */
  async hold(error?: Error): Promise<void> {
    await new Promise<void>((resolve) => this.#steps.push(resolve))
    if (error !== undefined) throw error
  }

  get length(): number {
    return this.#steps.length
  }

  settle(index: number): void {
    const [step] = this.#steps.splice(index, 1)
    step?.()
  }
}

/** What a user of a stream can do now; undefined for nothing. */
export type NextAction = () => (() => void) | undefined

/**
 * Chooses by `random` among the steps that are held and what users can do, one after the other with some turns between
 * them, until it is over. Throws if nothing can be done and it is not over.
 */
export async function interleave(
  steps: HeldSteps,
  users: readonly NextAction[],
  random: () => number,
  isOver: () => boolean,
): Promise<void> {
  for (let idle = 0; !isOver();) {
    await someTurns(random)
    const actions = users.map((next) => next()).filter((action) => action !== undefined)
    const choice = Math.floor(random() * (steps.length + actions.length))
    if (steps.length + actions.length > 0) idle = 0
    else if ((idle += 1) > PATIENCE) throw new Error('nothing can be done any more, and it is not over')
    // The pool frees memory by a timer.
    else await sleep(1)
    if (choice < steps.length) steps.settle(choice)
    else actions[choice - steps.length]?.()
  }
}

/** Of the queue of microtasks, or of the event loop. */
async function someTurns(random: () => number): Promise<void> {
  if (random() < 0.3) return nextTurn()
  for (let turns = Math.floor(random() * 6); turns > 0; turns -= 1) await Promise.resolve()
}
