/** A received request: percent-decoded, not yet interpreted. */
import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import type { QueryParameter } from '../../signing/signable-request.js'
import { Refusal } from '../refusal.js'

export class Call {
  readonly method: string
  /** The `Host` header in lower case, without the port. */
  readonly host: string
  /** The path of the target, still percent-encoded. */
  readonly rawPath: string
  /** In the order of the request. A name without `=` has an empty value. */
  readonly query: readonly QueryParameter[]
  /** By lower-case name. Headers of the same name are joined with a comma, bytes are decoded as UTF-8. */
  readonly headers: Readonly<Record<string, string>>
  readonly #parameters: ReadonlyMap<string, string>
  readonly #rawHeaders: readonly string[]
  #latin1Headers: Readonly<Record<string, string>> | undefined

  /** Throws `invalid-uri` for a target that is not percent-encoded UTF-8. */
  constructor(request: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>) {
    const [path, query] = splitTarget(request.url ?? '/')
    this.method = request.method ?? 'GET'
    this.rawPath = path
    this.query = parseQuery(query)
    this.#parameters = new Map(this.query)
    this.#rawHeaders = request.rawHeaders
    this.headers = joinHeaders(request.rawHeaders, decodeUtf8)
    this.host = (this.headers['host'] ?? '').toLowerCase().replace(/:\d*$/, '')
  }

  header(name: string): string | undefined {
    return Object.hasOwn(this.headers, name) ? this.headers[name] : undefined
  }

  /** Returns the value of a header with a character for each byte. */
  latin1Header(name: string): string | undefined {
    this.#latin1Headers ??= joinHeaders(this.#rawHeaders, (value) => value.trim())
    return Object.hasOwn(this.#latin1Headers, name) ? this.#latin1Headers[name] : undefined
  }

  /** Returns the value of a query parameter; empty for a name without `=`. */
  parameter(name: string): string | undefined {
    return this.#parameters.get(name)
  }

  hasParameter(name: string): boolean {
    return this.#parameters.has(name)
  }

  /** Undefined for a chunked body, or none. */
  get contentLength(): number | undefined {
    const length = this.header('content-length')
    return length === undefined ? undefined : Number(length)
  }

  get isChunked(): boolean {
    return this.header('transfer-encoding') !== undefined
  }
}

/** Percent-decodes UTF-8. Throws `invalid-uri` if that is impossible. */
export function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal('invalid-uri', { URI: text })
  }
}

function splitTarget(target: string): [path: string, query: string] {
  // A proxy's request has the absolute form.
  const local = target.replace(/^https?:\/\/[^/?]*/i, '')
  const mark = local.indexOf('?')
  const [path, query] = mark < 0 ? [local, ''] : [local.slice(0, mark), local.slice(mark + 1)]
  return [path === '' ? '/' : path, query]
}

function parseQuery(query: string): QueryParameter[] {
  return query
    .split('&')
    .filter((parameter) => parameter !== '')
    .map((parameter) => {
      const [name, value] = splitAtFirst(parameter.replaceAll('+', ' '), '=')
      return [decodeUri(name), decodeUri(value)]
    })
}

function splitAtFirst(text: string, separator: string): [string, string] {
  const index = text.indexOf(separator)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

function joinHeaders(rawHeaders: readonly string[], decode: (value: string) => string): Record<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = decode(rawHeaders[index + 1] ?? '')
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(headers)
}

/** Node.js decodes header bytes as Latin-1, but clients send UTF-8. */
function decodeUtf8(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8').trim()
}
