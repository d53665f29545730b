/** The credentials that may sign requests. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'

/** What the emulator knows about an access key ID. */
export interface KnownCredentials {
  readonly accessKeySecret: string
  /** If set, requests must have exactly this token; otherwise they must have none. */
  readonly securityToken?: string | undefined
  /** Whether the temporary credentials have expired: `SecurityTokenExpired`. */
  readonly expired?: boolean | undefined
}

/** Returns the credentials of an access key ID at the time of the request, or undefined if it does not exist. */
export type CredentialLookup = (accessKeyId: string) => KnownCredentials | undefined

export interface Authority {
  /** The region ID that requests must be signed for, such as `cn-hangzhou`. */
  readonly region: string
  readonly find: CredentialLookup
  /** Largest difference of a request's date from the clock, in milliseconds. */
  readonly maxSkewMs: number
}

export function lookupOf(credentials: Credentials): CredentialLookup {
  return (accessKeyId) => (accessKeyId === credentials.accessKeyId ? credentials : undefined)
}

/** Compares secrets in constant time. */
export function isSameSecret(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
