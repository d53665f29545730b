/** Whose the buckets are, and who pays for requests on them: some services refuse what does not say so. */
import type { Call } from './http/call.js'
import { Refusal } from './refusal.js'

export interface Ownership {
  /** Whether a request must say that its sender pays for it. */
  readonly requesterPays: boolean
  /** The id of the account that owns every bucket. */
  readonly owner: string | undefined
}

/** Throws for a request that expects another owner, or does not agree to pay. */
export function checkOwnership(call: Call, prefix: string, { requesterPays, owner }: Ownership): void {
  const expected = call.header(`${prefix}expected-bucket-owner`)
  const isOthers = owner !== undefined && expected !== undefined && expected !== owner
  const isUnpaid = requesterPays && call.header(`${prefix}request-payer`) !== 'requester'
  if (isOthers || isUnpaid) throw new Refusal('access-denied')
}
