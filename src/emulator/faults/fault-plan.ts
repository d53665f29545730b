import type { OperationName } from '../operations/operation.js'
import { Stalls } from './stalls.js'
import type { Fault, FaultAction, FaultMatch } from './fault.js'

/** The facts of a request that faults match. */
export interface FaultTarget {
  readonly operation: OperationName
  readonly method: string
  readonly key: string
  readonly partNumber: number | undefined
  readonly rangeStart: number | undefined
}

/** A fault that still applies to further requests. */
export interface PendingFault extends Fault {
  readonly skip: number
  readonly times: number
}

interface Entry {
  readonly fault: Fault
  skip: number
  times: number
}

/** The pending faults, in the order in which they were injected. */
export class FaultPlan {
  /** Requests that are stalled by a fault. */
  readonly stalls: Stalls = new Stalls()
  #entries: Entry[] = []

  constructor(faults: readonly Fault[] = []) {
    for (const fault of faults) this.inject(fault)
  }

  /** Adds a fault. @throws RangeError for invalid counts. */
  inject(fault: Fault): void {
    const { skip = 0, times = 1 } = fault
    if (!Number.isInteger(skip) || skip < 0) throw new RangeError(`skip must be a whole number, not ${skip}`)
    if (times !== Infinity && (!Number.isInteger(times) || times < 1)) {
      throw new RangeError(`times must be a whole number from 1, or Infinity, not ${times}`)
    }
    this.#entries.push({ fault, skip, times })
  }

  /** Removes all pending faults, and closes the connections of stalled requests. */
  clear(): void {
    this.#entries = []
    this.stalls.release()
  }

  /** Returns the pending faults with their remaining counts. */
  pending(): PendingFault[] {
    return this.#entries.map(({ fault, skip, times }) => ({ ...fault, skip, times }))
  }

  /**
   * Returns the action for a request, if there is one. Every matching fault that still has to skip requests counts it; the
   * first other matching fault applies to it, and later faults ignore it.
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

function isMatch({ operation, method, key, partNumber, rangeStart }: FaultMatch, target: FaultTarget): boolean {
  return (
    (operation === undefined || operation === target.operation) &&
    (method === undefined || method.toUpperCase() === target.method) &&
    (key === undefined || key === target.key) &&
    (partNumber === undefined || partNumber === target.partNumber) &&
    (rangeStart === undefined || rangeStart === target.rangeStart)
  )
}
