/** What may help after a failed attempt, beside time. */
import type { CredentialsSource } from '../../credentials/credentials-source.js'
import type { Credentials } from '../../shared/credentials.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { cancelled } from '../../http/http-failure.js'
import type { AttemptFailure } from './attempt-failure.js'

/** Clocks are off by hours where a time zone is wrong. A date that is years away is damaged, or somebody else's. */
const LARGEST_OFFSET_MS = 366 * 24 * 60 * 60 * 1000

/** The service's time, as far as it is known: this machine's until a date was refused. */
export class ServiceClock {
  #aheadMs = 0

  now(): Date {
    return new Date(Date.now() + this.#aheadMs)
  }

  /** Takes over the service's time, unless it is more than a year away. Servers of one service may differ. */
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

  /** Applies the remedy that the failure calls for; resolves with whether another attempt may succeed. */
  async apply(
    { facts: { remedy, serverTime, requestId } }: AttemptFailure,
    rejected: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (remedy === 'clock') {
      // A response without a request ID is not the service's: a proxy's clock says nothing about it.
      return serverTime !== undefined && requestId !== undefined && this.#clock.set(serverTime)
    }
    return remedy === 'credentials' ? this.#renewCredentials(rejected, signal) : remedy === 'again'
  }

  /** Resolves with whether there may be other credentials than those that were rejected. */
  async #renewCredentials(rejected: Credentials | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    // Once: credentials that are refused right after they were renewed will be refused again.
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
