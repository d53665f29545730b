import { oneLine } from './text/one-line.js'

const LONGEST_MESSAGE = 600
const LONGEST_CHAIN = 5

/**
 * Returns an error with the name, code and message of `error` and of its causes, and nothing else. Errors of other
 * libraries hold requests, responses and raw bytes, which contain credentials. `clean` is applied to every text.
 */
export function copyError(error: unknown, clean: (text: string) => string = (text) => text, depth = 1): Error {
  const shown = (text: string): string => oneLine(clean(text), LONGEST_MESSAGE)
  const { name, code, message, cause } = factsOf(error)
  const options = cause === undefined || depth === LONGEST_CHAIN ? {} : { cause: copyError(cause, clean, depth + 1) }
  const copy = new Error(shown(message), options)
  // The stack starts with the name, and is not useful for an error of another library.
  Object.defineProperty(copy, 'name', { value: shown(name), configurable: true, writable: true })
  Object.defineProperty(copy, 'stack', { value: `${copy.name}: ${copy.message}`, configurable: true, writable: true })
  return code === '' ? copy : Object.assign(copy, { code: shown(code) })
}

interface ErrorFacts {
  name: string
  code: string
  message: string
  cause: unknown
}

/** Reads name, code and message of any thrown value. A getter that throws counts as absent. */
function factsOf(error: unknown): ErrorFacts {
  if (typeof error !== 'object' || error === null) {
    return { name: 'Error', code: '', message: typeof error === 'string' ? error : String(error), cause: undefined }
  }
  const text = (name: string): string => {
    const value = read(error, name)
    return typeof value === 'string' ? value : ''
  }
  const [first] = asArray(read(error, 'errors'))
  const cause = read(error, 'cause') ?? first
  return { name: text('name') || 'Error', code: text('code'), message: text('message'), cause }
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function read(object: object, name: string): unknown {
  try {
    return Reflect.get(object, name) as unknown
  } catch {
    return undefined
  }
}
