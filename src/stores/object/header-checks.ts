/** Checks values that users put into headers: none may end a header early or start another one. */
import { checkRecord, invalidOption } from '../../shared/check-option.js'
import { UploadError } from '../../shared/errors.js'

/** Returns a valid header value. The message does not contain it, because it may be a token. */
export function checkHeaderValue(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)) return value.trim()
  throw new UploadError(
    'INVALID_OPTION',
    `${name} must be text of printable ASCII on one line (got ${describeValue(value)}); encode anything else, for example with encodeURIComponent`,
  )
}

function describeValue(value: unknown): string {
  if (typeof value !== 'string') return value === null ? 'null' : `a value of type ${typeof value}`
  const at = value.search(/[^\x20-\x7e]/)
  const code = (value.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `${value.length} characters, of which number ${at + 1} is U+${code}`
}

/** `name` is the name of the option. The result has lower-case names. */
export function checkHeaders(name: string, headers: unknown): Map<string, string> {
  const checked = new Map<string, string>()
  for (const [header, value] of Object.entries(checkRecord(name, headers))) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) {
      throw invalidOption(`a name in ${name}`, header, 'must be the name of an HTTP header')
    }
    const lower = header.toLowerCase()
    if (checked.has(lower)) throw invalidOption(`a name in ${name}`, header, 'must not be given twice')
    checked.set(lower, checkHeaderValue(`${name}[${JSON.stringify(header)}]`, value))
  }
  return checked
}

/** Returns user metadata as headers that start with `prefix`. */
export function metadataHeaders(prefix: string, metadata: unknown, maxBytes: number): Map<string, string> {
  const headers = new Map<string, string>()
  let bytes = 0
  for (const [name, value] of Object.entries(checkRecord('metadata', metadata))) {
    if (!/^[A-Za-z0-9-]+$/.test(name))
      throw invalidOption('a name in metadata', name, 'must consist of A-Z a-z 0-9 and -')
    const checked = checkHeaderValue(`metadata[${JSON.stringify(name)}]`, value)
    const header = prefix + name.toLowerCase()
    if (headers.has(header)) throw invalidOption('a name in metadata', name, 'must not be given twice')
    headers.set(header, checked)
    bytes += name.length + checked.length
  }
  if (bytes > maxBytes)
    throw invalidOption('metadata', `${bytes} bytes long`, `must have at most ${maxBytes} bytes in all`)
  return headers
}
