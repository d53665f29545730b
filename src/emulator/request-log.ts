/** Keeps the latest requests, for tests and debugging, without secrets. */
import type { Dialect } from './dialects/dialect.js'
import type { Call } from './http/call.js'
import type { OperationName } from './operations/operation.js'

/** A received request, without secrets. */
export interface RequestRecord {
  /** The dialect of its signature. */
  readonly dialect: Dialect['name']
  readonly operation: OperationName | undefined
  readonly method: string
  readonly bucket: string | undefined
  readonly key: string | undefined
  /** Decoded; signatures, tokens and similar values are replaced by `REDACTED`. */
  readonly query: Readonly<Record<string, string>>
  /** By lower-case name, with secrets replaced in the same way. */
  readonly headers: Readonly<Record<string, string>>
  /** Status code of the response; undefined until it is sent, or if none was sent. */
  status: number | undefined
  /** Number of bytes of the body that have been read. */
  bytes: number
  /** The type of the fault that was applied to the request. */
  readonly fault: string | undefined
}

/** Recognizes secrets of all services by the end of the header's or parameter's name. */
const SECRETS = /(?:^|-)(?:authorization|signature|security-token|encryption-customer-key)$/i

export class RequestLog {
  readonly #limit: number
  readonly #records: RequestRecord[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Oldest first. */
  get records(): readonly RequestRecord[] {
    return this.#records
  }

  add(call: Call, dialect: Dialect, what: Partial<RequestRecord>): RequestRecord {
    const record: RequestRecord = {
      dialect: dialect.name,
      operation: what.operation,
      bucket: what.bucket,
      key: what.key,
      fault: what.fault,
      method: call.method,
      query: redacted(call.query),
      headers: redacted(Object.entries(call.headers)),
      status: undefined,
      bytes: 0,
    }
    this.#records.push(record)
    if (this.#records.length > this.#limit) this.#records.shift()
    return record
  }
}

function redacted(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  return Object.fromEntries(pairs.map(([name, value]) => [name, SECRETS.test(name) ? 'REDACTED' : value]))
}
