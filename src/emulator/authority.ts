/** Who may sign requests. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Credentials } from '../shared/credentials.js'

/** What the emulator knows about an access key id. */
export interface KnownCredentials {
  readonly accessKeySecret: string
  /** When set, requests must carry exactly this token; when not, they must carry none. */
  readonly securityToken?: string | undefined
  /** True once the temporary credentials have ended: `SecurityTokenExpired`. */
  readonly expired?: boolean | undefined
}

/** Finds an access key id's credentials at the time of the request; undefined for one that does not exist. */
export type CredentialLookup = (accessKeyId: string) => KnownCredentials | undefined

export interface Authority {
  /** The general region id that signatures are bound to, such as `cn-hangzhou`. */
  readonly region: string
  readonly find: CredentialLookup
  /** How far a request's date may be off, in milliseconds. */
  readonly maxSkewMs: number
}

export function lookupOf(credentials: Credentials): CredentialLookup {
  return (accessKeyId) => (accessKeyId === credentials.accessKeyId ? credentials : undefined)
}

/** Compares secrets in a time that does not tell where they differ. */
export function isSameSecret(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return timingSafeEqual(digest(a), digest(b))
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
