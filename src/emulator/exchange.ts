/** Handles one request and its response, from the first header to the last byte. */
import type { IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import { arrive, type Arrival, type Target } from './arrival.js'
import { afterWork, beforeWork, deliveryOf, diskOf, applyToBody, type FaultTarget } from './faults/fault-effects.js'
import { withHeaders, type Answer } from './http/answer.js'
import { writeAnswer, type ResponseTarget } from './http/answer-writer.js'
import { ClientGone } from './http/connection.js'
import { mergeHeaders } from './http/headers.js'
import { readRequestBody } from './http/request-body.js'
import type { Limits } from './limits.js'
import { checkOperation } from './operations/operation-of.js'
import { operations } from './operations/operations.js'
import { checkOwnership } from './ownership.js'
import { Refusal, serviceErrorOf } from './refusal.js'
import type { RequestRecord } from './request-log.js'
import type { Service } from './service.js'

export interface Exchange extends ResponseTarget {
  readonly request: IncomingMessage
  /** Whether the client still waits for `100 Continue` before it sends the body. */
  awaitsContinue: boolean
  /** Functions to call when the request is over. */
  readonly endings: (() => void)[]
  /** Whether a fault resets this connection when the next request arrives. */
  condemnsConnection: boolean
}

/** Sends the response, unless the client disconnects first. Never rejects. */
export async function answerRequest(exchange: Exchange, service: Service): Promise<void> {
  const { request, response, signal } = exchange
  const { stalls } = service.faults
  const startedAt = performance.now()
  const arrival = arrive(request, service)
  const { dialect, requestId, now, action, record } = arrival
  try {
    const answer = await answerOf(arrival, exchange, service)
    const common = dialect.commonHeaders(requestId, now, performance.now() - startedAt)
    const headers = mergeHeaders(common, connectionHeaders(exchange), answer.headers)
    exchange.condemnsConnection = action?.type === 'close' && action.when === 'reused'
    const delivery = deliveryOf(action, { response, signal, stalls })
    // Logged before the client receives the response. An incomplete response has no status.
    if (record !== undefined && delivery.interruption === undefined) record.status = answer.status
    await writeAnswer(exchange, { ...answer, headers }, delivery)
  } catch {
    if (record !== undefined) record.status = undefined
    // The client has disconnected, or a stored object cannot be read: close the connection.
    response.destroy()
  } finally {
    for (const end of exchange.endings) end()
    // Read the rest of the body, so that the connection can serve the next request.
    request.resume()
  }
}

/** Resolves with the response: a result, an error or a fault. Rejects if the client has disconnected. */
async function answerOf(arrival: Arrival, exchange: Exchange, service: Service): Promise<Answer> {
  const { target, dialect, requestId } = arrival
  try {
    if ('error' in target) throw target.error
    return await carryOut(target, arrival, exchange, service)
  } catch (error) {
    if (error instanceof ClientGone || exchange.signal.aborted) throw error
    const answer = dialect.errorAnswer(serviceErrorOf(error, dialect.refusals), target.call, requestId)
    // The rest of an interrupted body must not be read as the next request.
    const isCut = error instanceof Refusal && error.kind === 'body-timeout'
    return isCut ? withHeaders(answer, { Connection: 'close' }) : answer
  }
}

async function carryOut(
  { call, address, operation }: Target,
  { dialect, requestId, now, action, record }: Arrival,
  exchange: Exchange,
  { storage, authority, ownership, buckets, limitOverrides, faults }: Service,
): Promise<Answer> {
  const { response, signal } = exchange
  const limits = { ...dialect.limits, ...limitOverrides }
  const coding = dialect.authenticate({ call, address, authority: { ...authority, maxSkewMs: limits.maxSkewMs }, now })
  checkOwnership(call, dialect.headerPrefix, ownership)
  const faultTarget: FaultTarget = { call, dialect, requestId, response, signal, stalls: faults.stalls }
  const substitute = await beforeWork(action, faultTarget)
  if (substitute !== undefined) return substitute
  checkOperation(call, operation)
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
    coding,
    region: authority.region,
    body: () => coding.decode(applyToBody(action, bodyOf(exchange, limits, record), faultTarget)),
    atEnd: (end) => exchange.endings.push(end),
  })
  return afterWork(action, answer, faultTarget)
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

/** A client that never received `100 Continue` may not send its body, so the next bytes cannot be trusted to be a request. */
function connectionHeaders({ awaitsContinue }: Exchange): Record<string, string> {
  return awaitsContinue ? { Connection: 'close' } : {}
}
