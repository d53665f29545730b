/**
 * Provides the credentials for each signature, as one snapshot. If many requests need new credentials at the same time, the
 * provider is called once for all of them.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { types } from 'node:util'
import type { Credentials } from '../shared/credentials.js'
import { reading } from '../shared/check-option.js'
import { messageOf, UploadError } from '../shared/errors.js'

/** Credentials that may expire: they are kept until shortly before, then requested again. */
export type ExpiringCredentials = (Credentials | AwsCredentials) & {
  /**
   * A Date, a text that `Date` accepts, or milliseconds since 1970. Without it the provider is called for each
   * signature.
   */
  expiration?: Date | string | number | undefined
}

/** Credentials with the names of AWS and its SDKs. */
export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** An object like the client of `@alicloud/credentials`. */
export interface CredentialClient {
  /** Resolves with the current credentials. */
  getCredential(): Promise<Partial<Credentials>>
}

/**
 * Credentials, or a function or client that provides them. It is called for every signature, unless its last
 * credentials had an `expiration` more than five minutes away. The providers of `@aws-sdk/credential-providers` are
 * such functions.
 */
export type CredentialsOption =
  Credentials | AwsCredentials | CredentialClient | (() => ExpiringCredentials | Promise<ExpiringCredentials>)

/** Credentials are refreshed this early, so that none expire during a request. */
const REFRESH_AHEAD_MS = 5 * 60_000

/** A provider that does not settle in this time is called again. */
const ASK_LIMIT_MS = 60_000

interface KeptCredentials {
  credentials: Credentials
  /** Time at which newer credentials are requested. These are used until the newer ones arrive. */
  refreshAtMs: number
  expiresAtMs: number
}

export class CredentialsSource {
  readonly #ask: () => unknown
  readonly #askLimitMs: number
  #kept: KeptCredentials | undefined
  #asking: Promise<Credentials> | undefined
  /**
   * Marks what the provider runs, including after its awaits. A request through its own store would wait for the
   * provider, which waits for it.
   */
  readonly #calls = new AsyncLocalStorage<{ isOver: boolean }>()

  /** Throws UploadError if `option` is invalid. */
  constructor(option: CredentialsOption, askLimitMs: number = ASK_LIMIT_MS) {
    this.#askLimitMs = askLimitMs
    if (typeof option === 'function') {
      this.#ask = option
    } else if (reading('credentials', () => isClient(option))) {
      this.#ask = () => (option as CredentialClient).getCredential()
    } else {
      const credentials = reading('credentials', () => checkCredentials(option, 'credentials'))
      this.#ask = () => credentials
      this.#kept = { credentials, refreshAtMs: Infinity, expiresAtMs: Infinity }
    }
  }

  /** The current credentials, if the provider need not be called. */
  get atHand(): Credentials | undefined {
    const kept = this.#kept
    return kept !== undefined && Date.now() < kept.refreshAtMs ? kept.credentials : undefined
  }

  /**
   * Resolves with the current credentials. `rejected` are credentials that the service refused, and that are not
   * returned from the cache again. Throws UploadError.
   */
  async snapshot(rejected?: Credentials): Promise<Credentials> {
    if (this.#kept?.credentials === rejected) this.#kept = undefined
    const { atHand } = this
    if (atHand !== undefined) return atHand
    if (this.#calls.getStore()?.isOver === false) {
      throw new UploadError(
        'CREDENTIALS_FAILED',
        'the credentials provider must not send requests through its own store',
      )
    }
    const kept = this.#kept
    this.#asking ??= this.#renew().finally(() => {
      this.#asking = undefined
    })
    try {
      return await this.#asking
    } catch (error) {
      if (kept !== undefined && Date.now() < kept.expiresAtMs) return kept.credentials
      throw error
    }
  }

  async #renew(): Promise<Credentials> {
    let answer: unknown
    const call = { isOver: false }
    try {
      answer = await withinLimit(this.#askLimitMs, () => this.#calls.run(call, this.#ask))
    } catch (error) {
      throw new UploadError('CREDENTIALS_FAILED', `the credentials provider failed: ${messageOf(error)}`, {
        cause: error,
        retryable: true,
      })
    } finally {
      // A timer that the provider has started may use the store later.
      call.isOver = true
      // While the storage is enabled, every promise of the process costs more (4.6 times as much in Node.js 20).
      this.#calls.disable()
    }
    const { credentials, expiresAtMs } = readAnswer(answer)
    const refreshAtMs = expiresAtMs - REFRESH_AHEAD_MS
    this.#kept = refreshAtMs > Date.now() ? { credentials, refreshAtMs, expiresAtMs } : undefined
    return credentials
  }
}

/** Reads the result of a provider, which may be any object, with properties that throw. */
function readAnswer(answer: unknown): { credentials: Credentials; expiresAtMs: number } {
  try {
    return {
      credentials: checkCredentials(answer, 'the result of the credentials provider'),
      expiresAtMs: expirationOf(answer),
    }
  } catch (error) {
    if (error instanceof UploadError) throw error
    const message = `the result of the credentials provider cannot be read: ${messageOf(error)}`
    throw new UploadError('CREDENTIALS_FAILED', message, { cause: error })
  }
}

async function withinLimit(limitMs: number, ask: () => unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not return within ${limitMs} ms; it must not send requests through its own store`))
    }, limitMs)
  })
  try {
    return await Promise.race([ask(), limit])
  } finally {
    clearTimeout(timer)
  }
}

function isClient(option: unknown): option is CredentialClient {
  if (typeof option !== 'object' || option === null || !('getCredential' in option)) return false
  return typeof option.getCredential === 'function'
}

/** Checks credentials. Their values are never part of a message. */
function checkCredentials(value: unknown, what: string): Credentials {
  if (typeof value !== 'object' || value === null) {
    throw new UploadError(
      'MISSING_CREDENTIALS',
      `${what}: the credentials must be an object with accessKeyId and accessKeySecret`,
    )
  }
  const given = value as Record<string, unknown>
  const isAws = isGiven(given['secretAccessKey']) && !isGiven(given['accessKeySecret'])
  const secretName = isAws ? 'secretAccessKey' : 'accessKeySecret'
  const tokenName = isAws ? 'sessionToken' : 'securityToken'
  const credentials: Credentials = {
    accessKeyId: checkText(given['accessKeyId'], 'accessKeyId', what),
    accessKeySecret: checkText(given[secretName], secretName, what),
  }
  if (isGiven(given[tokenName])) credentials.securityToken = checkText(given[tokenName], tokenName, what)
  return credentials
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function checkText(value: unknown, name: string, what: string): string {
  if (!isGiven(value)) {
    throw new UploadError(
      'MISSING_CREDENTIALS',
      `${what}: ${name} is missing; accessKeyId and accessKeySecret go together`,
    )
  }
  // They are sent in headers: a line end read from a file would break the request.
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  throw new UploadError('INVALID_OPTION', `${what}: ${name} must be printable ASCII without spaces`)
}

function expirationOf(answer: unknown): number {
  const { expiration } = answer as { expiration?: unknown }
  // Any other value is no expiration: the provider is called for each signature.
  const isTime = typeof expiration === 'string' || typeof expiration === 'number' || types.isDate(expiration)
  const time = isTime ? new Date(expiration).getTime() : NaN
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}
