import type { OperationName } from '../operations/operation.js'
import { Stalls } from './stalls.js'
import type { Fault, FaultAction, FaultMatch } from './fault.js'

/** A request, as far as faults look at it. */
export interface FaultTarget {
  readonly operation: OperationName
  readonly method: string
  readonly key: string
  readonly partNumber: number | undefined
}

/** A fault that has not done all its work yet. */
export interface PendingFault extends Fault {
  readonly skip: number
  readonly times: number
}

interface Entry {
  readonly fault: Fault
  skip: number
  times: number
}

/** The faults that wait for their requests, in the order they were injected. */
export class FaultPlan {
  /** Requests that a fault has brought to a stop. */
  readonly stalls: Stalls = new Stalls()
  #entries: Entry[] = []

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.inject(fault)
  }

  /** @throws RangeError for counts that make no sense. */
  inject(fault: Fault): void {
    const { skip = 0, times = 1 } = fault
    if (!Number.isInteger(skip) || skip < 0) throw new RangeError(`skip must be a whole number, not ${skip}`)
    if (times !== Infinity && (!Number.isInteger(times) || times < 1)) {
      throw new RangeError(`times must be a whole number from 1, or Infinity, not ${times}`)
    }
    this.#entries.push({ fault, skip, times })
  }

  /** Forgets what is still to come, and ends the connections of the requests that stall. */
  clear(): void {
    this.#entries = []
    this.stalls.release()
  }

  /** What is still to come, with the counts that are left. */
  pending(): PendingFault[] {
    return this.#entries.map(({ fault, skip, times }) => ({ ...fault, skip, times }))
  }

  /**
   * The action for a request that has arrived, if one is due. Every matching fault that has to skip counts the request;
   * the first that need not skip hits it, and those after it do not see it.
   */
  take(target: FaultTarget): FaultAction | undefined {
    for (const entry of this.#entries) {
      if (!isMatch(entry.fault.match ?? {}, target)) continue
      if (entry.skip > 0) {
        entry.skip--
        continue
      }
      entry.times--
      if (entry.times <= 0) this.#entries = this.#entries.filter((other) => other !== entry)
      return entry.fault.action
    }
    return undefined
  }
}

function isMatch({ operation, method, key, partNumber }: FaultMatch, target: FaultTarget): boolean {
  return (
    (operation === undefined || operation === target.operation) &&
    (method === undefined || method.toUpperCase() === target.method) &&
    (key === undefined || key === target.key) &&
    (partNumber === undefined || partNumber === target.partNumber)
  )
}
