/** Checks of what users put into headers: nothing may end a header early or begin another one. */
import { checkObject, invalidOption } from '../shared/check-option.js'

/** A value that stands in a header as it is. */
export function checkHeaderValue(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)) return value.trim()
  throw invalidOption(
    name,
    value,
    'accepted is text of printable ASCII on one line; encode anything else, for example with encodeURIComponent',
  )
}

/** `name` is the option's; the answer has lower-case names. */
export function checkHeaders(name: string, headers: unknown): Record<string, string> {
  const checked: Record<string, string> = {}
  for (const [header, value] of Object.entries(checkObject(name, headers))) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) {
      throw invalidOption(`a name in ${name}`, header, 'accepted are names of HTTP headers')
    }
    const lower = header.toLowerCase()
    if (Object.hasOwn(checked, lower)) throw invalidOption(`a name in ${name}`, header, 'it is there twice')
    Object.defineProperty(checked, lower, {
      value: checkHeaderValue(`${name}[${JSON.stringify(header)}]`, value),
      enumerable: true,
    })
  }
  return checked
}

/** User metadata as headers that begin with `prefix`. */
export function metadataHeaders(prefix: string, metadata: unknown, maxBytes: number): Record<string, string> {
  const headers: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(checkObject('metadata', metadata))) {
    if (!/^[A-Za-z0-9-]+$/.test(name)) throw invalidOption('a name in metadata', name, 'accepted are A-Z a-z 0-9 and -')
    const checked = checkHeaderValue(`metadata[${JSON.stringify(name)}]`, value)
    const header = prefix + name.toLowerCase()
    if (Object.hasOwn(headers, header)) throw invalidOption('a name in metadata', name, 'it is there twice')
    headers[header] = checked
    bytes += name.length + checked.length
  }
  if (bytes > maxBytes) throw invalidOption('metadata', `${bytes} bytes long`, `accepted are ${maxBytes} bytes in all`)
  return headers
}
