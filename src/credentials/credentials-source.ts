/**
 * Where the credentials of each signature come from. One snapshot per signature; of many requests that need new
 * credentials at the same time, one asks for them and all wait for it.
 */
import { types } from 'node:util'
import type { Credentials } from '../shared/credentials.js'
import { toError, UploadError } from '../shared/errors.js'

/** Credentials that may say when they end: they are kept until shortly before, then asked for again. */
export type ExpiringCredentials = (Credentials | AwsCredentials) & {
  /** A Date, a text that `Date` reads, or milliseconds since 1970. Without it they are asked for each time. */
  expiration?: Date | string | number | undefined
}

/** The same by the names that AWS and its SDKs give them. */
export interface AwsCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string | undefined
}

/** Any object that answers like the client of `@alicloud/credentials`. */
export interface CredentialClient {
  /** The credentials to sign with now. */
  getCredential(): Promise<Partial<Credentials>>
}

/**
 * Credentials, or where to get them. A function or client is asked before every signature, unless its last answer
 * had an `expiration` that is more than five minutes away. The credential providers of `@aws-sdk/credential-providers`
 * are such functions.
 */
export type CredentialsOption =
  Credentials | AwsCredentials | CredentialClient | (() => ExpiringCredentials | Promise<ExpiringCredentials>)

/** None ends while a request is under way. */
const REFRESH_AHEAD_MS = 5 * 60_000

/** A provider that does not answer is asked again, rather than waited for without end. */
const ASK_LIMIT_MS = 60_000

interface KeptCredentials {
  credentials: Credentials
  /** From then on newer ones are asked for; these serve on while there are none. */
  refreshAtMs: number
  expiresAtMs: number
}

export class CredentialsSource {
  readonly #ask: () => unknown
  readonly #askLimitMs: number
  #kept: KeptCredentials | undefined
  #asking: Promise<Credentials> | undefined
  /** The provider is running, up to its first await: a snapshot that it causes would ask it again, and so on. */
  #isCalling = false

  /** Throws UploadError where `option` is not acceptable. */
  constructor(option: CredentialsOption, askLimitMs: number = ASK_LIMIT_MS) {
    this.#askLimitMs = askLimitMs
    if (typeof option === 'function') {
      this.#ask = option
    } else if (isClient(option)) {
      this.#ask = () => option.getCredential()
    } else {
      const credentials = checkCredentials(option, 'credentials')
      this.#ask = () => credentials
      this.#kept = { credentials, refreshAtMs: Infinity, expiresAtMs: Infinity }
    }
  }

  /** The credentials to sign with now, where nobody need be asked for them. */
  get atHand(): Credentials | undefined {
    const kept = this.#kept
    return kept !== undefined && Date.now() < kept.refreshAtMs ? kept.credentials : undefined
  }

  /**
   * The credentials to sign with now. `rejected` are ones that the service no longer takes: they are not handed out
   * from memory again. Throws UploadError.
   */
  async snapshot(rejected?: Credentials): Promise<Credentials> {
    if (this.#kept?.credentials === rejected) this.#kept = undefined
    const { atHand } = this
    if (atHand !== undefined) return atHand
    if (this.#isCalling) {
      throw new UploadError('CREDENTIALS_FAILED', 'the credentials provider must not call the store that it is of')
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
    try {
      answer = await withinLimit(this.#askLimitMs, () => {
        this.#isCalling = true
        try {
          return this.#ask()
        } finally {
          this.#isCalling = false
        }
      })
    } catch (error) {
      const { message } = toError(error)
      throw new UploadError('CREDENTIALS_FAILED', `the credentials provider failed: ${message}`, {
        cause: error,
        retryable: true,
      })
    }
    const { credentials, expiresAtMs } = readAnswer(answer)
    const refreshAtMs = expiresAtMs - REFRESH_AHEAD_MS
    this.#kept = refreshAtMs > Date.now() ? { credentials, refreshAtMs, expiresAtMs } : undefined
    return credentials
  }
}

/** What a provider gave may be any object, with properties that throw. */
function readAnswer(answer: unknown): { credentials: Credentials; expiresAtMs: number } {
  try {
    return {
      credentials: checkCredentials(answer, 'what the credentials provider gave'),
      expiresAtMs: expirationOf(answer),
    }
  } catch (error) {
    if (error instanceof UploadError) throw error
    const message = `what the credentials provider gave cannot be read: ${toError(error).message}`
    throw new UploadError('CREDENTIALS_FAILED', message, { cause: error })
  }
}

async function withinLimit(limitMs: number, ask: () => unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it did not answer within ${limitMs} ms; it must not call the store that it is of`))
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

/** The values themselves are never in a message. */
function checkCredentials(value: unknown, what: string): Credentials {
  if (typeof value !== 'object' || value === null) {
    throw new UploadError(
      'MISSING_CREDENTIALS',
      `${what}: the credentials must be an object with accessKeyId and accessKeySecret`,
    )
  }
  const given = value as Record<string, unknown>
  const isAws = isThere(given['secretAccessKey']) && !isThere(given['accessKeySecret'])
  const secretName = isAws ? 'secretAccessKey' : 'accessKeySecret'
  const tokenName = isAws ? 'sessionToken' : 'securityToken'
  const credentials: Credentials = {
    accessKeyId: checkText(given['accessKeyId'], 'accessKeyId', what),
    accessKeySecret: checkText(given[secretName], secretName, what),
  }
  if (isThere(given[tokenName])) credentials.securityToken = checkText(given[tokenName], tokenName, what)
  return credentials
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

function checkText(value: unknown, name: string, what: string): string {
  if (!isThere(value)) {
    throw new UploadError(
      'MISSING_CREDENTIALS',
      `${what}: ${name} is missing; accessKeyId and accessKeySecret go together`,
    )
  }
  // They travel in headers: a line end that came along from a file would break the request.
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  throw new UploadError('INVALID_OPTION', `${what}: ${name} is no text of printable ASCII without spaces`)
}

function expirationOf(answer: unknown): number {
  const { expiration } = answer as { expiration?: unknown }
  // Anything else says nothing of when they end: they are asked for each time.
  const isTime = typeof expiration === 'string' || typeof expiration === 'number' || types.isDate(expiration)
  const time = isTime ? new Date(expiration).getTime() : NaN
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time
}
