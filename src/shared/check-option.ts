/** Checks options. Each error names the option, what it must be, and what was given. */
import { setMaxListeners } from 'node:events'
import { inspect } from 'node:util'
import { messageOf, UploadError } from './errors.js'
import { suggestionFor } from './text/suggestion.js'

/** Returns the error for an option. `requirement` follows its name, such as `must be a function`. */
export function invalidOption(name: string, value: unknown, requirement: string): UploadError {
  return new UploadError('INVALID_OPTION', `${name} ${requirement} (got ${show(value)})`)
}

/**
 * Runs code that reads a value of the caller, and returns what that returns. What a getter, a proxy or a conversion of the
 * value throws becomes `INVALID_OPTION`, with the thrown value as `cause`.
 */
export function reading<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof UploadError) throw error
    throw new UploadError('INVALID_OPTION', `${name} cannot be read: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Returns a copy of the options of a call, in which getters have become values: what the caller changes later has no effect.
 * `what` is whose options they are.
 *
 * @throws {UploadError} `INVALID_OPTION` if they are no object, a name is unknown, or an option cannot be read.
 */
export function takeOptions<T extends object>(what: string, options: T, names: readonly string[]): T {
  const given = checkObject('options', options)
  checkNames(what, given, names, 'options')
  return valuesOf(given, names, '') as T
}

/** Returns such a copy of an option that has options itself, whose names follow `name` in messages. */
export function takeNested<T extends object>(name: string, options: T, names: readonly string[]): T {
  const given = checkObject(name, options)
  checkNames(name, given, names)
  return valuesOf(given, names, `${name}.`) as T
}

/** Reads the names one by one: those that a class defines are not among the object's own. */
function valuesOf(given: Record<string, unknown>, names: readonly string[], prefix: string): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const name of names) {
    const value = reading(prefix + name, () => given[name])
    if (value !== undefined) values[name] = value
  }
  return values
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
  return reading(name, () => {
    if (!isSignal(value)) throw invalidOption(name, value, 'must be an AbortSignal')
    const isOwn: boolean = value instanceof AbortSignal
    const signal = isOwn ? value : followed(value)
    setMaxListeners(0, signal)
    return signal
  })
}

/** A signal of another realm or a polyfill may lack newer methods: use none of them. */
function followed(signal: AbortSignal): AbortSignal {
  const own = new AbortController()
  const follow = (): void => {
    try {
      own.abort(signal.reason)
    } catch {
      own.abort()
    }
  }
  if (signal.aborted) follow()
  else signal.addEventListener('abort', follow, { once: true })
  return own.signal
}

function isSignal(value: unknown): value is AbortSignal {
  const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
}

export function checkObject(name: string, value: unknown): Record<string, unknown> {
  const isList = reading(name, () => Array.isArray(value))
  if (typeof value === 'object' && value !== null && !isList) return value as Record<string, unknown>
  throw invalidOption(name, value, 'must be an object')
}

/**
 * Returns a copy of names and values. Accepts plain objects only: a Map or Headers has no own properties, so its
 * entries would be lost silently.
 */
export function checkRecord(name: string, value: unknown): Record<string, unknown> {
  const record = checkObject(name, value)
  const isCollection = reading(name, () => Symbol.iterator in record)
  if (isCollection) throw invalidOption(name, value, 'must be a plain object of names and values')
  return copyOfRecord(name, record)
}

/**
 * Returns a copy of an object's own entries. @throws {UploadError} `INVALID_OPTION` that names the one that cannot be
 * read.
 */
export function copyOfRecord(name: string, record: object): Record<string, unknown> {
  const keys = reading(name, () => Object.keys(record))
  return Object.fromEntries(
    keys.map((key) => [key, reading(`${name}[${JSON.stringify(key)}]`, () => Reflect.get(record, key) as unknown)]),
  )
}

/** Returns a copy of an array. @throws {UploadError} `INVALID_OPTION`. */
export function checkArray(name: string, value: unknown): unknown[] {
  const copy = reading(name, () => (Array.isArray(value) ? Array.from<unknown>(value) : undefined))
  if (copy !== undefined) return copy
  throw invalidOption(name, value, 'must be an array')
}

/** Refuses unknown names: a misspelt option would have no effect, silently. */
export function checkNames(what: string, options: object, accepted: readonly string[], name: string = what): void {
  const names = reading(name, () => Object.keys(options))
  const unknown = names.find((name) => !accepted.includes(name))
  if (unknown === undefined) return
  throw new UploadError(
    'INVALID_OPTION',
    `${what} has no option ${show(unknown)}: its options are ${[...accepted].sort().join(', ')}${suggestionFor(unknown, accepted)}`,
  )
}

function show(value: unknown): string {
  const text = shownText(value)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}

function shownText(value: unknown): string {
  try {
    return inspect(withoutUserInfo(value), { depth: 0, breakLength: Infinity, maxStringLength: 80, maxArrayLength: 3 })
  } catch {
    // A proxy, a getter or a custom `inspect()` method threw.
    return `a value of type ${typeof value} that cannot be shown`
  }
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
