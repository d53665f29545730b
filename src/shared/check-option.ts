/** Checks options. Each error names the option, what it must be, and what was given. */
import { setMaxListeners } from 'node:events'
import { inspect } from 'node:util'
import { UploadError } from './errors.js'
import { suggestionFor } from './text/suggestion.js'

/** Returns the error for an option. `requirement` follows its name, such as `must be a function`. */
export function invalidOption(name: string, value: unknown, requirement: string): UploadError {
  return new UploadError('INVALID_OPTION', `${name} ${requirement} (got ${show(value)})`)
}

export function checkInteger(name: string, value: unknown, min: number, max: number, unit = ''): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  const suffix = unit === '' ? '' : ` ${unit}`
  throw invalidOption(name, value, `must be an integer from ${grouped(min)} to ${grouped(max)}${suffix}`)
}

const grouped = (value: number): string => value.toLocaleString('en-US')

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalidOption(name, value, 'must be true or false')
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw invalidOption(name, value, 'must be a string that is not empty')
  }
  // Half of a surrogate pair has no bytes in UTF-8.
  if (!value.isWellFormed())
    throw invalidOption(name, value, 'must be well-formed: half of a surrogate pair is not a character')
  return value
}

export function checkFunction<T>(name: string, value: T): T {
  if (typeof value === 'function') return value
  throw invalidOption(name, value, 'must be a function')
}

export function checkOneOf<T extends string>(name: string, value: unknown, accepted: readonly T[]): T {
  const found = accepted.find((item) => item === value)
  if (found !== undefined) return found
  throw invalidOption(name, value, `must be one of ${accepted.map((item) => `'${item}'`).join(', ')}`)
}

/** Returns the signal. It may end any number of uploads and calls, so their listeners must not cause a leak warning. */
export function acceptSignal(name: string, value: unknown): AbortSignal {
  if (!isSignal(value)) throw invalidOption(name, value, 'must be an AbortSignal')
  const isOwn: boolean = value instanceof EventTarget
  if (isOwn) {
    setMaxListeners(0, value)
    return value
  }
  // A signal of another realm or a polyfill may lack newer methods: use none of them.
  const own = new AbortController()
  setMaxListeners(0, own.signal)
  const follow = (): void => own.abort(value.reason)
  if (value.aborted) follow()
  else value.addEventListener('abort', follow, { once: true })
  return own.signal
}

function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
}

export function checkObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalidOption(name, value, 'must be an object')
}

/** Accepts plain objects only. A Map or Headers has no own properties, so its entries would be lost silently. */
export function checkRecord(name: string, value: unknown): Record<string, unknown> {
  const record = checkObject(name, value)
  if (Symbol.iterator in record) throw invalidOption(name, value, 'must be a plain object of names and values')
  return record
}

/** Refuses unknown names: a misspelt option would have no effect, silently. */
export function checkNames(what: string, options: object, accepted: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !accepted.includes(name))
  if (unknown === undefined) return
  throw new UploadError(
    'INVALID_OPTION',
    `${what} has no option ${show(unknown)}: its options are ${[...accepted].sort().join(', ')}${suggestionFor(unknown, accepted)}`,
  )
}

function show(value: unknown): string {
  const text = inspect(withoutUserInfo(value), {
    depth: 0,
    breakLength: Infinity,
    maxStringLength: 80,
    maxArrayLength: 3,
  })
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

/** Must be applied before the text is shortened, which may leave a password without its `@`. */
function withoutUserInfo(value: unknown): unknown {
  if (typeof value === 'string') return hideUserInfo(value)
  return Array.isArray(value) ? value.slice(0, 4).map(withoutUserInfo) : value
}

/** Hides what may be a user name and password, or an access key pair, before the last `@`. */
export function hideUserInfo(text: string): string {
  const at = text.lastIndexOf('@')
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? ''
  const hasUserInfo = at >= 0 && (scheme !== '' || text.slice(0, at).includes(':'))
  return hasUserInfo ? `${scheme}***${text.slice(at)}` : text
}
