import type { Authority } from './authority.js'
import type { DialectFinder } from './dialects/dialects.js'
import type { FaultPlan } from './faults/fault-plan.js'
import type { Limits } from './limits.js'
import type { Ownership } from './ownership.js'
import type { RequestLog } from './request-log.js'
import type { Storage } from './storage/storage.js'

/** What all requests share. */
export interface Service {
  readonly storage: Storage
  readonly faults: FaultPlan
  readonly log: RequestLog
  readonly authority: Omit<Authority, 'maxSkewMs'>
  readonly ownership: Ownership
  readonly dialectOf: DialectFinder
  /** Custom domains and the buckets they stand for. */
  readonly domains: ReadonlyMap<string, string>
  /** The only buckets there are; undefined when any name will do. */
  readonly buckets: Set<string> | undefined
  readonly limitOverrides: Partial<Limits>
  now(): Date
}
