/** What may help after a failed attempt, beside time. */
import type { CredentialsSource } from '../../credentials/credentials-source.js'
import type { Credentials } from '../../shared/credentials.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { cancelled } from '../../http/http-failure.js'
import type { AttemptFailure } from './attempt-failure.js'

/** The service's time, as far as it is known: this machine's until a date was refused. */
export class ServiceClock {
  #aheadMs = 0

  now(): Date {
    return new Date(Date.now() + this.#aheadMs)
  }

  /** Servers of one service may differ, so this can happen more than once. */
  set(serverTime: number): void {
    this.#aheadMs = serverTime - Date.now()
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
    { facts: { remedy, serverTime } }: AttemptFailure,
    rejected: Credentials | undefined,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (remedy === 'clock') {
      if (serverTime === undefined) return false
      this.#clock.set(serverTime)
      return true
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
      // The next attempt asks again, and reports what is wrong where it fails too.
      return true
    }
  }
}
