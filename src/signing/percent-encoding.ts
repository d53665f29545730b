import type { QueryParameter } from './signable-request.js'

const LEFT_BY_ENCODE_URI_COMPONENT = /[!'()*]/g

/** Percent-encodes every byte of the UTF-8 text except `A-Z a-z 0-9 - . _ ~`, with upper-case hex digits. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    LEFT_BY_ENCODE_URI_COMPONENT,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** Percent-encodes an object key for a path: slashes stay. */
export function percentEncodeKey(key: string): string {
  return percentEncode(key).replaceAll('%2F', '/')
}

/** Returns the query of a URL with its question mark; an empty text if there is none. */
export function formatQuery(query: readonly QueryParameter[]): string {
  if (query.length === 0) return ''
  const pairs = query.map(([name, value]) => percentEncode(name) + (value === '' ? '' : `=${percentEncode(value)}`))
  return `?${pairs.join('&')}`
}
