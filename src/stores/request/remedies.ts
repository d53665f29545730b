/** Remedies after a failed attempt, besides waiting: the clock and the credentials. */
import type { CredentialsSource } from '../../credentials/credentials-source.js'
import type { Credentials } from '../../shared/credentials.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { cancelled } from '../../http/http-failure.js'
import type { AttemptFailure } from './attempt-failure.js'

/** A wrong time zone changes a clock by hours. A date that differs by years is damaged, or comes from a proxy. */
const LARGEST_OFFSET_MS = 366 * 24 * 60 * 60 * 1000

/** The service's time: the local time until the service has refused a date. */
export class ServiceClock {
  #aheadMs = 0

  now(): Date {
    return new Date(Date.now() + this.#aheadMs)
  }

  /** Adopts the service's time, unless it differs by more than a year. Servers of one service may differ. */
  set(serverTime: number): boolean {
    const aheadMs = serverTime - Date.now()
    if (Math.abs(aheadMs) > LARGEST_OFFSET_MS) return false
    this.#aheadMs = aheadMs
    return true
  }
}

/** The remedies of one call. */
export class Remedies {
  readonly #clock: ServiceClock
  readonly #credentials: CredentialsSource
  #hasRenewedCredentials = false

  constructor(clock: ServiceClock, credentials: CredentialsSource) {
    this.#clock = clock
    this.#credentials = credentials
  }

  /** Applies the remedy of the failure. Resolves with whether another attempt may succeed. */
  async apply(
    { facts: { remedy, serverTime, requestId } }: AttemptFailure,
    rejected: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (remedy === 'clock') {
      // A response without a request ID comes from a proxy, whose clock is irrelevant.
      return serverTime !== undefined && requestId !== undefined && this.#clock.set(serverTime)
    }
    return remedy === 'credentials' ? this.#renewCredentials(rejected, signal) : remedy === 'again'
  }

  /** Resolves with whether other credentials than the rejected ones may be available. */
  async #renewCredentials(rejected: Credentials | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    // Only once: credentials that are refused right after a renewal will be refused again.
    if (this.#hasRenewedCredentials) return false
    this.#hasRenewedCredentials = true
    try {
      const snapshot = this.#credentials.snapshot(rejected)
      const renewed = await unlessAborted(snapshot, signal, (reason) => cancelled(reason, false))
      return renewed.accessKeyId !== rejected?.accessKeyId || renewed.securityToken !== rejected.securityToken
    } catch {
      // The next attempt calls the provider again, and reports its error if that fails too.
      return true
    }
  }
}
