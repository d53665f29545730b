/** One request and its answer, from the first header to the last byte. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { performance } from 'node:perf_hooks'
import { arrive, type Arrival, type Target } from './arrival.js'
import type { FaultAction } from './faults/fault.js'
import { afterWork, beforeWork, deliveryOf, diskOf, hitBody, type Victim } from './faults/fault-effects.js'
import { withHeaders, type Answer } from './http/answer.js'
import { writeAnswer } from './http/answer-writer.js'
import { ClientGone } from './http/connection.js'
import { mergeHeaders } from './http/headers.js'
import { readRequestBody } from './http/request-body.js'
import type { Limits } from './limits.js'
import { operations } from './operations/operations.js'
import { Refusal, ServiceError } from './refusal.js'
import type { RequestRecord } from './request-log.js'
import type { Service } from './service.js'

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Ends when the client goes away or the emulator closes. */
  readonly signal: AbortSignal
  /** Whether the client still waits for `100 Continue` before it sends the body. */
  awaitsContinue: boolean
}

/** Answers the request, unless its client goes away first. Never rejects; resolves with the fault that hit it. */
export async function answerRequest(exchange: Exchange, service: Service): Promise<FaultAction | undefined> {
  const { request, response, signal } = exchange
  const startedAt = performance.now()
  const arrival = arrive(request, service)
  const { dialect, requestId, now, action, record } = arrival
  let answer: Answer | undefined
  try {
    answer = await answerOf(arrival, exchange, service)
    const common = dialect.commonHeaders(requestId, now, performance.now() - startedAt)
    const headers = mergeHeaders(common, connectionHeaders(exchange), answer.headers)
    await writeAnswer(response, { ...answer, headers }, deliveryOf(action), signal)
    if (record !== undefined) record.status = answer.status
  } catch {
    // Nobody is there to be answered, or what was stored cannot be read: the client sees the connection end.
    response.destroy()
  } finally {
    answer?.release?.()
    // What is left of the body is read away, so that the connection can serve the next request.
    request.resume()
  }
  return action
}

/** What was asked for, a refusal or a fault. Rejects when the client is gone and no answer is due. */
async function answerOf(arrival: Arrival, exchange: Exchange, service: Service): Promise<Answer> {
  const { target, dialect, requestId } = arrival
  try {
    if ('error' in target) throw target.error
    return await carryOut(target, arrival, exchange, service)
  } catch (error) {
    if (error instanceof ClientGone || exchange.signal.aborted) throw error
    const answer = dialect.errorAnswer(serviceErrorOf(error, arrival), target.call, requestId)
    // The rest of a body that stopped in the middle must not be taken for the next request.
    const isCut = error instanceof Refusal && error.kind === 'body-timeout'
    return isCut ? withHeaders(answer, { Connection: 'close' }) : answer
  }
}

async function carryOut(
  { call, address, operation }: Target,
  { dialect, requestId, now, action, record }: Arrival,
  exchange: Exchange,
  { storage, authority, buckets, limitOverrides }: Service,
): Promise<Answer> {
  const { response, signal } = exchange
  const limits = { ...dialect.limits, ...limitOverrides }
  dialect.authenticate({ call, address, authority: { ...authority, maxSkewMs: limits.maxSkewMs }, now })
  const victim: Victim = { call, dialect, requestId, response, signal }
  const substitute = await beforeWork(action, victim)
  if (substitute !== undefined) return substitute
  const { bucket = '', key = '' } = address
  if (operation === 'PutBucket') buckets?.add(bucket)
  if (buckets?.has(bucket) === false) throw new Refusal('no-such-bucket', { BucketName: bucket })
  if (address.key !== undefined) dialect.checkKey(key, limits)
  const answer = await operations[operation]({
    call,
    bucket,
    key,
    dialect,
    limits,
    storage,
    guard: diskOf(action),
    requestId,
    now,
    signal,
    body: () => hitBody(action, bodyOf(exchange, limits, record), victim),
  })
  return afterWork(action, answer, victim)
}

async function* bodyOf(
  exchange: Exchange,
  { bodyIdleMs }: Limits,
  record: RequestRecord | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (exchange.awaitsContinue) exchange.response.writeContinue()
  exchange.awaitsContinue = false
  for await (const chunk of readRequestBody(exchange.request, bodyIdleMs)) {
    if (record !== undefined) record.bytes += chunk.length
    yield chunk
  }
}

/** Whatever is not a refusal is a failure of the emulator's own, such as a full disk. */
function serviceErrorOf(error: unknown, { dialect }: Arrival): ServiceError {
  if (error instanceof ServiceError) return error
  if (!(error instanceof Refusal)) return new ServiceError(dialect.refusals['internal-error'])
  const shape = dialect.refusals[error.kind]
  return new ServiceError(error.message === '' ? shape : { ...shape, message: error.message }, error.details)
}

/** A client that was never told to continue may keep its body to itself: what comes next could be anything. */
function connectionHeaders({ awaitsContinue }: Exchange): Record<string, string> {
  return awaitsContinue ? { Connection: 'close' } : {}
}
