/** What came in, for tests and for looking at: the last requests, without anything that could sign another one. */
import type { Dialect } from './dialects/dialect.js'
import type { Call } from './http/call.js'
import type { OperationName } from './operations/operation.js'

/** A request that came, without secrets. */
export interface RequestRecord {
  /** The dialect it was signed in. */
  readonly dialect: Dialect['name']
  readonly operation: OperationName | undefined
  readonly method: string
  readonly bucket: string | undefined
  readonly key: string | undefined
  /** Decoded; signatures, access keys' tokens and the like read `REDACTED`. */
  readonly query: Readonly<Record<string, string>>
  /** By lower-case name, redacted in the same way. */
  readonly headers: Readonly<Record<string, string>>
  /** Of the response; undefined while there is none, or when the client got none. */
  status: number | undefined
  /** Of the body, as far as it has been read. */
  bytes: number
  /** The type of the fault that hit the request. */
  readonly fault: string | undefined
}

/** By how names of headers and parameters end, whatever service they are of: nobody has to remember a list of them. */
const SECRETS = /(?:^|-)(?:authorization|signature|security-token|encryption-customer-key)$/i

export class RequestLog {
  readonly #limit: number
  readonly #records: RequestRecord[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  /** The oldest first. */
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
