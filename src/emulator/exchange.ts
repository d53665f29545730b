/** One request and its answer, from the first header to the last byte. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { Authority } from './authority.js'
import type { Dialect } from './dialects/dialect.js'
import { dialectOf } from './dialects/dialects.js'
import { ossDialect } from './dialects/oss.js'
import type { FaultAction } from './faults/fault.js'
import { afterWork, beforeWork, clockOffset, deliveryOf, diskOf, hitBody, type Victim } from './faults/fault-effects.js'
import type { FaultPlan } from './faults/fault-plan.js'
import { addressOf, type Address } from './http/address.js'
import { withHeaders, type Answer } from './http/answer.js'
import { writeAnswer } from './http/answer-writer.js'
import { Call } from './http/call.js'
import { ClientGone } from './http/connection.js'
import { readRequestBody } from './http/request-body.js'
import type { Limits } from './limits.js'
import { operationOf, type OperationName } from './operations/operation.js'
import { operations } from './operations/operations.js'
import { Refusal, ServiceError } from './refusal.js'
import type { RequestLog, RequestRecord } from './request-log.js'
import type { Storage } from './storage/storage.js'

/** What all requests share. */
export interface Service {
  readonly storage: Storage
  readonly faults: FaultPlan
  readonly log: RequestLog
  readonly authority: Omit<Authority, 'maxSkewMs'>
  /** Custom domains and the buckets they stand for. */
  readonly domains: ReadonlyMap<string, string>
  /** The only buckets there are; undefined when any name will do. */
  readonly buckets: ReadonlySet<string> | undefined
  readonly limitOverrides: Partial<Limits>
  now(): Date
}

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
  /** Ends when the client goes away or the emulator closes. */
  readonly signal: AbortSignal
}

/** Answers the request, unless its client goes away first. Never rejects. */
export async function answerRequest(exchange: Exchange, service: Service): Promise<FaultAction | undefined> {
  const { request, response, signal } = exchange
  const startedAt = performance.now()
  const requestId = ossDialect.newRequestId()
  const visit = enter(exchange, service, requestId)
  let answer: Answer | undefined
  try {
    const { dialect, action, now } = visit
    answer = await carryOut(visit, exchange, service)
    const common = dialect.commonHeaders(requestId, now, performance.now() - startedAt)
    const sent = { ...answer, headers: { ...common, ...closeHeader(exchange), ...answer.headers } }
    if (visit.record !== undefined) visit.record.status = answer.status
    await writeAnswer(response, sent, deliveryOf(action), signal)
  } catch {
    // There is nobody to answer any more, or the bytes of the answer cannot be read: the client must notice.
    if (visit.record !== undefined && !response.writableFinished) visit.record.status = undefined
    response.destroy()
  } finally {
    answer?.release?.()
    // What is left of the body is read away, so that the connection can serve the next request.
    request.resume()
  }
  return visit.action
}

/** What is known of a request when its headers have been read. */
interface Visit {
  readonly requestId: string
  readonly dialect: Dialect
  readonly now: Date
  readonly action: FaultAction | undefined
  readonly record: RequestRecord | undefined
  readonly target: Target | { readonly error: unknown }
}

interface Target {
  readonly call: Call
  readonly address: Address
  readonly operation: OperationName
}

function enter({ request }: Exchange, service: Service, requestId: string): Visit {
  const dialect = ossDialect
  let call: Call | undefined
  try {
    call = new Call(request)
    const address = addressOf(call, service.domains)
    const operation = operationOf(call, address)
    const partNumber = call.parameter('partNumber')
    const action = service.faults.take({
      operation,
      method: call.method,
      key: address.key ?? '',
      partNumber: partNumber === undefined ? undefined : Number(partNumber),
    })
    const record = service.log.add(call, { operation, bucket: address.bucket, key: address.key })
    record.fault = action?.type
    const now = new Date(service.now().getTime() + clockOffset(action))
    return { requestId, dialect: dialectOf(call), now, action, record, target: { call, address, operation } }
  } catch (error) {
    const record =
      call === undefined
        ? undefined
        : service.log.add(call, { operation: undefined, bucket: undefined, key: undefined })
    return { requestId, dialect, now: service.now(), action: undefined, record, target: { error } }
  }
}

/** The answer, whether it is what was asked for, a refusal or a fault. Rejects with `ClientGone` where there is none. */
async function carryOut(visit: Visit, exchange: Exchange, service: Service): Promise<Answer> {
  const { dialect, requestId, target } = visit
  if ('error' in target) return errorAnswer(target.error, dialect, undefined, requestId)
  const { call } = target
  const victim: Victim = { call, dialect, requestId, response: exchange.response, signal: exchange.signal }
  try {
    const answer = await work(visit, target, victim, exchange, service)
    return answer
  } catch (error) {
    if (error instanceof ClientGone || exchange.signal.aborted) throw error
    return errorAnswer(error, dialect, call, requestId)
  }
}

async function work(
  { dialect, requestId, now, action, record }: Visit,
  { call, address, operation }: Target,
  victim: Victim,
  exchange: Exchange,
  service: Service,
): Promise<Answer> {
  const limits = { ...dialect.limits, ...service.limitOverrides }
  const authority = { ...service.authority, maxSkewMs: limits.maxSkewMs }
  dialect.authenticate({ call, address, authority, now })
  const substitute = await beforeWork(action, victim)
  if (substitute !== undefined) return substitute
  const { bucket = '', key = '' } = address
  if (service.buckets?.has(bucket) === false) throw new Refusal('no-such-bucket', { BucketName: bucket })
  if (address.key !== undefined) dialect.checkKey(key, limits)
  const answer = await operations[operation]({
    call,
    bucket,
    key,
    dialect,
    limits,
    storage: service.storage,
    guard: diskOf(action),
    requestId,
    now,
    signal: exchange.signal,
    body: () => hitBody(action, countedBody(exchange, limits, record), victim),
  })
  return afterWork(action, answer, victim)
}

async function* countedBody(
  { request, response, expectsContinue }: Exchange,
  limits: Limits,
  record: RequestRecord | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (expectsContinue) response.writeContinue()
  for await (const chunk of readRequestBody(request, limits.bodyIdleMs)) {
    if (record !== undefined) record.bytes += chunk.length
    yield chunk
  }
}

function errorAnswer(error: unknown, dialect: Dialect, call: Call | undefined, requestId: string): Answer {
  const answer = dialect.errorAnswer(serviceError(error, dialect), call, requestId)
  return error instanceof Refusal && error.kind === 'body-timeout'
    ? withHeaders(answer, { Connection: 'close' })
    : answer
}

/** Whatever is not a refusal is a failure of the emulator, such as a full disk. */
function serviceError(error: unknown, dialect: Dialect): ServiceError {
  if (error instanceof ServiceError) return error
  if (!(error instanceof Refusal)) return new ServiceError(dialect.refusals['internal-error'])
  const shape = dialect.refusals[error.kind]
  return new ServiceError(error.message === '' ? shape : { ...shape, message: error.message }, error.details)
}

/** A client that was never told to continue will not send its body: the connection cannot be used again. */
function closeHeader({ request, response, expectsContinue }: Exchange): Record<string, string> {
  const isUnread = expectsContinue && !response.writableEnded && !request.readableDidRead
  return isUnread ? { Connection: 'close' } : {}
}
