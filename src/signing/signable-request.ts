/** The request to sign, in plain (decoded) form. Each signature scheme encodes it as its service requires. */
export interface SignableRequest {
  method: string
  /** Absent for calls to the service itself. */
  bucket?: string | undefined
  /** Absent for calls to the bucket. */
  key?: string | undefined
  query: readonly QueryParameter[]
  /** Names in any case. */
  headers: Readonly<Record<string, string>>
  /** SHA-256 of the body in lower-case hex, if the signature covers it. */
  payloadHash?: string | undefined
}

/** A name with an empty value has no equals sign, such as `?uploads`. */
export type QueryParameter = readonly [name: string, value: string]

/** Returns the headers with lower-case names. */
export function lowerCaseHeaders(headers: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]))
}

/** Returns `name:value\n` for each header that `include` accepts, sorted by name. */
export function canonicalHeaderLines(headers: ReadonlyMap<string, string>, include: (name: string) => boolean): string {
  return [...headers]
    .filter(([name]) => include(name))
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => `${name}:${value}\n`)
    .join('')
}

/** Compares ASCII texts by bytes; `localeCompare` would sort `_` before `-` and mix upper and lower case. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
