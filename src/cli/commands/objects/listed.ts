/** Objects of a target, listed as its commands need them. */
import type { CallOptions, ListedObject } from '../../../index.js'
import { formatAge } from '../../options/durations.js'
import type { OpenTarget } from '../../access/store-access.js'

/** An object of a listing, and the time of the response by the service's clock. */
export interface Seen {
  object: ListedObject
  seenAt: Date
}

/** Lists the objects whose keys begin with the one of the target. */
export async function* objectsOf({ store, key }: OpenTarget, calls: CallOptions): AsyncGenerator<Seen> {
  for await (const { objects, answeredAt = new Date() } of store.listPages({ prefix: key, ...calls })) {
    for (const object of objects) yield { object, seenAt: answeredAt }
  }
}

/** Returns whether it is a folder of a console: an empty object whose key ends with `/`. It is not a backup. */
export function isFolder({ key, size }: ListedObject): boolean {
  return size === 0 && key.endsWith('/')
}

export function ageOf({ object: { lastModified }, seenAt }: Seen): string {
  return lastModified === undefined ? 'unknown' : formatAge(seenAt.getTime() - lastModified.getTime())
}

/** Keeps the newest of any number of objects: at most twice as many are in memory. */
export class NewestObjects {
  readonly #count: number
  #kept: Seen[] = []
  #total = 0

  constructor(count: number) {
    this.#count = count
  }

  /** How many objects there were in all. */
  get total(): number {
    return this.#total
  }

  add(seen: Seen): void {
    this.#total += 1
    this.#kept.push(seen)
    if (this.#kept.length >= 2 * this.#count) this.#kept = this.newestLast()
  }

  /** Returns them, the newest last; objects of the same time are sorted by key. */
  newestLast(): Seen[] {
    return [...this.#kept].sort((a, b) => timeOf(a) - timeOf(b)).slice(-this.#count)
  }
}

/** Objects are listed in key order, which a stable sort keeps for equal times. */
function timeOf({ object: { lastModified } }: Seen): number {
  return lastModified?.getTime() ?? 0
}
