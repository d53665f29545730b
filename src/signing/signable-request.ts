/** What a signature is taken over, in plain (decoded) form: each scheme encodes as its service demands. */
export interface SignableRequest {
  method: string
  /** Absent for calls on the service itself. */
  bucket?: string | undefined
  /** Absent for calls on the bucket. */
  key?: string | undefined
  query: readonly QueryParameter[]
  /** Names in any case. */
  headers: Readonly<Record<string, string>>
  /** Lower-case hex of the body's SHA-256, where the signature is to cover it. */
  payloadHash?: string | undefined
}

/** An empty value stands for a bare name, such as `?uploads`. */
export type QueryParameter = readonly [name: string, value: string]

/** The headers with lower-case names. */
export function lowerCaseHeaders(headers: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.trim()]))
}

/** `name:value\n` for each header that `include` takes, sorted by name. */
export function canonicalHeaderLines(headers: ReadonlyMap<string, string>, include: (name: string) => boolean): string {
  return [...headers]
    .filter(([name]) => include(name))
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([name, value]) => `${name}:${value}\n`)
    .join('')
}

/** Byte order for ASCII text; `localeCompare` would sort `_` before `-` and upper case among lower case. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
