/** Checks the bucket owner and the requester pays header. */
import type { Call } from './http/call.js'
import { Refusal } from './refusal.js'

export interface Ownership {
  /** Whether requests must have the requester pays header. */
  readonly requesterPays: boolean
  /** The ID of the account that owns all buckets. */
  readonly owner: string | undefined
}

/** Throws if a request expects another owner, or does not accept the charges. */
export function checkOwnership(call: Call, prefix: string, { requesterPays, owner }: Ownership): void {
  const expected = call.header(`${prefix}expected-bucket-owner`)
  const isOthers = owner !== undefined && expected !== undefined && expected !== owner
  const isUnpaid = requesterPays && call.header(`${prefix}request-payer`) !== 'requester'
  if (isOthers || isUnpaid) throw new Refusal('access-denied')
}
