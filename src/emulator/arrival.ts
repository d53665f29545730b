/** Interprets the headers of a request: its operation, its dialect, and the fault that applies to it. */
import type { IncomingMessage } from 'node:http'
import type { Dialect } from './dialects/dialect.js'
import type { FaultAction } from './faults/fault.js'
import { clockOffset } from './faults/fault-effects.js'
import { addressOf, type Address } from './http/address.js'
import { Call } from './http/call.js'
import { operationOf } from './operations/operation-of.js'
import type { OperationName } from './operations/operation.js'
import type { RequestRecord } from './request-log.js'
import type { Service } from './service.js'

export interface Arrival {
  readonly dialect: Dialect
  readonly requestId: string
  /** The time by the server's clock, which a fault may change. */
  readonly now: Date
  readonly target: Target | Unintelligible
  readonly action: FaultAction | undefined
  readonly record: RequestRecord | undefined
}

export interface Target {
  readonly call: Call
  readonly address: Address
  readonly operation: OperationName
}

/** Returns an arrival without a bucket or key: the target cannot be decoded, or the name of the bucket is invalid. */
interface Unintelligible {
  readonly call: Call | undefined
  readonly error: unknown
}

export function arrive(request: IncomingMessage, service: Service): Arrival {
  const target = targetOf(request, service)
  const dialect = service.dialectOf(target.call)
  const arrival = { dialect, requestId: dialect.newRequestId(), target }
  if ('error' in target) {
    const record = target.call === undefined ? undefined : service.log.add(target.call, dialect, {})
    return { ...arrival, record, action: undefined, now: service.now() }
  }
  const { call, address, operation } = target
  const partNumber = call.parameter('partNumber')
  const action = service.faults.take({
    operation,
    method: call.method,
    key: address.key ?? '',
    partNumber: partNumber === undefined ? undefined : Number(partNumber),
    rangeStart: rangeStartOf(call),
  })
  const record = service.log.add(call, dialect, {
    operation,
    bucket: address.bucket,
    key: address.key,
    fault: action?.type,
  })
  return { ...arrival, record, action, now: new Date(service.now().getTime() + clockOffset(action)) }
}

/** Undefined if no range is requested, or the last bytes are. */
function rangeStartOf(call: Call): number | undefined {
  const [, first] = /^bytes=(\d+)-\d*$/.exec(call.header('range') ?? '') ?? []
  return first === undefined ? undefined : Number(first)
}

function targetOf(request: IncomingMessage, { domains, dialectOf }: Service): Target | Unintelligible {
  let call: Call | undefined
  try {
    call = new Call(request)
    const address = addressOf(call, { domains, bucketName: dialectOf(call).bucketName })
    return { call, address, operation: operationOf(call, address) }
  } catch (error) {
    return { call, error }
  }
}
