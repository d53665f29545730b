import type { Authority } from './authority.js'
import type { DialectFinder } from './dialects/dialects.js'
import type { FaultPlan } from './faults/fault-plan.js'
import type { Limits } from './limits.js'
import type { Ownership } from './ownership.js'
import type { RequestLog } from './request-log.js'
import type { Storage } from './storage/storage.js'

/** The state that all requests share. */
export interface Service {
  readonly storage: Storage
  readonly faults: FaultPlan
  readonly log: RequestLog
  readonly authority: Omit<Authority, 'maxSkewMs'>
  readonly ownership: Ownership
  readonly dialectOf: DialectFinder
  /** Custom domains and their buckets. */
  readonly domains: ReadonlyMap<string, string>
  /** The existing buckets; undefined if any bucket exists. */
  readonly buckets: Set<string> | undefined
  readonly limitOverrides: Partial<Limits>
  now(): Date
}
