/**
 * Sends calls: sign, send, understand, and again where that helps. Each attempt has a fresh date, a fresh snapshot of
 * the credentials and, after a broken connection, a fresh connection.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CredentialsSource } from '../../credentials/credentials-source.js'
import { cancelled, HttpFailure, toHttpFailure } from '../../http/http-failure.js'
import type { HttpAnswer, HttpRequest, HttpStreamAnswer } from '../../http/http-message.js'
import type { Transport } from '../../http/transport.js'
import { readText } from '../../http/read-text.js'
import type { RetryOptions } from '../../shared/backoff.js'
import { debugLine } from '../../shared/diagnostics.js'
import { UploadError } from '../../shared/errors.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { VERSION } from '../../shared/version.js'
import { percentEncode } from '../../signing/percent-encoding.js'
import type { QueryParameter } from '../../signing/signable-request.js'
import { Attempt } from './attempt.js'
import { AttemptFailure, failureOf, failureOfAnswer, isErrorDocument } from './attempt-failure.js'
import { Attempts } from './attempts.js'
import { type Call, describeCall, factsOfCall } from './call.js'
import { type Effort, effortDetails, failedCall } from './call-error.js'
import type { Dialect } from '../dialect.js'
import { sha256Hex } from '../object/object-body.js'
import { Remedies, ServiceClock } from './remedies.js'
import { type OnAnswer, type RequestTrace, traceRequest } from './request-trace.js'
import type { CallContext } from '../store-driver.js'

const USER_AGENT = `oss-upload-stream/${VERSION} node/${process.versions.node}`

/** Sends a request, says when an answer came, and understands it. */
type Send<T> = (request: HttpRequest, onAnswer: OnAnswer) => Promise<T>

export interface RequesterParts {
  dialect: Dialect
  transport: Transport
  credentials: CredentialsSource
  retry: RetryOptions
  answerMs: number
}

export class Requester {
  readonly #parts: RequesterParts
  readonly #host: string
  readonly #clock = new ServiceClock()

  constructor(parts: RequesterParts) {
    this.#parts = parts
    this.#host = new URL(parts.dialect.origin).host
  }

  /** The answer as `read` understands it; `read` may throw an AttemptFailure. Throws UploadError. */
  async call<T>(call: Call, context: CallContext, read: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request, onAnswer) => {
      const answer = await transport.send(request)
      onAnswer(answer)
      if (!isSuccess(answer.status) || isErrorDocument(answer.text)) throw await failureOfAnswer(answer, dialect)
      if (Number(answer.headers[`${dialect.headerPrefix}qos-delay-time`]) > 0) context.onThrottled?.('delayed')
      return read(answer)
    })
  }

  /** The same for an answer whose body is to be streamed: retried until its headers are there. */
  async open<T>(call: Call, context: CallContext, read: (answer: HttpStreamAnswer) => T): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request, onAnswer) => {
      const { status, headers, body } = await transport.open(request)
      onAnswer({ status, headers })
      if (isSuccess(status)) return read({ status, headers, body })
      const text = await readText(body).catch((error: unknown) => {
        throw toHttpFailure(error)
      })
      throw await failureOfAnswer({ status, headers, text }, dialect)
    })
  }

  /** Makes attempts until one succeeds or none is left. */
  async #attempts<T>(call: Call, context: CallContext, send: Send<T>): Promise<T> {
    const { credentials, retry, dialect } = this.#parts
    const attempts = new Attempts({ ...retry, totalMs: context.retryTotalMs ?? retry.totalMs })
    const remedies = new Remedies(this.#clock, credentials)
    const payloadHash = dialect.signsPayload ? await sha256Hex(call.body?.segments ?? []) : undefined
    for (;;) {
      this.#throwIfOver(call, context, attempts.effort())
      attempts.begin()
      const attempt = new Attempt(context.onSent)
      const errorOf = (failure: AttemptFailure): UploadError =>
        failedCall(call, dialect, failure, attempt.clean, attempts.effort(failure))
      try {
        return await traceRequest(
          () => this.#traceOf(call, context, attempts.count),
          async (onAnswer) => send(await this.#request(call, context, payloadHash, attempt), onAnswer),
          (headers) => attempt.clean(headers[dialect.requestIdHeader] ?? ''),
          (error) =>
            error instanceof HttpFailure || error instanceof AttemptFailure ? errorOf(failureOf(error)) : error,
        )
      } catch (error) {
        const failure = attempt.failed(error)
        attempts.record(failure)
        reportOutcome(failure, context)
        const helps = await remedies.apply(failure, attempt.credentials, context.signal)
        const delayMs = helps ? attempts.delayAfter(failure) : undefined
        if (delayMs === undefined || isAborted(context.signal) || isAborted(context.retrySignal)) throw errorOf(failure)
        reportRetry(call, context, {
          attempt: attempts.count,
          delayMs,
          reason: attempt.clean(failure.message),
          failure,
        })
        if (delayMs > 0) await pause(delayMs, context)
      }
    }
  }

  #traceOf(call: Call, { upload }: CallContext, attempt: number): RequestTrace {
    const { operation, method, body } = call
    const { dialect } = this.#parts
    const { provider } = dialect
    const trace = { provider, ...factsOfCall(call, dialect), operation, method, attempt, size: body?.size ?? 0 }
    return upload === undefined ? trace : { ...trace, upload }
  }

  /** Signs the request of an attempt, with credentials and a date of its own. */
  async #request(
    call: Call,
    context: CallContext,
    payloadHash: string | undefined,
    attempt: Attempt,
  ): Promise<HttpRequest> {
    const { credentials: source, dialect, answerMs } = this.#parts
    const { method, key, query = [], body, patience = 1, pacedMs } = call
    const credentials =
      source.atHand ?? (await unlessAborted(source.snapshot(), context.signal, (reason) => cancelled(reason, false)))
    attempt.credentials = credentials
    const headers: Record<string, string> = { ...dialect.everyRequest, ...call.headers, host: this.#host }
    headers['user-agent'] = USER_AGENT
    if (method === 'PUT' || method === 'POST') headers['content-length'] = String(body?.size ?? 0)
    const signable = { method, bucket: dialect.bucket, key, query, headers, payloadHash }
    Object.assign(headers, dialect.sign(signable, credentials, this.#clock.now()))
    attempt.request = {
      method,
      origin: dialect.origin,
      path: dialect.pathOf(key) + formatQuery(query),
      headers,
      body,
      signal: context.signal,
      answerMs: answerMs * patience,
      pacedMs,
      onSent: attempt.sent,
    }
    return attempt.request
  }

  #throwIfOver(call: Call, context: CallContext, effort: Effort): void {
    const { dialect, transport } = this.#parts
    const isRetry = effort.attempts > 0
    const ended = [context.signal, isRetry ? context.retrySignal : undefined].find(isAborted)
    if (ended === undefined && !transport.isClosed) return
    const facts = isRetry ? { ...factsOfCall(call, dialect), ...effortDetails(effort) } : factsOfCall(call, dialect)
    if (transport.isClosed) throw new UploadError('CLOSED', `${describeCall(call)}: the store is closed`, facts)
    const cause: unknown = ended?.reason
    throw new UploadError('ABORTED', `${describeCall(call)} was cancelled`, { ...facts, cause })
  }
}

function isSuccess(status: number): boolean {
  // 203 is how OSS says that the object is stored but its callback failed.
  return status >= 200 && status < 300 && status !== 203
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

function reportOutcome({ facts }: AttemptFailure, context: CallContext): void {
  if (facts.outcomeUnknown) context.onOutcomeUnknown?.()
  if (facts.throttled === true) context.onThrottled?.('refused')
}

function reportRetry(
  call: Call,
  context: CallContext,
  { attempt, delayMs, reason, failure }: { attempt: number; delayMs: number; reason: string; failure: AttemptFailure },
): void {
  debugLine(`${describeCall(call)}: attempt ${attempt + 1} follows in ${delayMs} ms`)
  context.onRetry?.({
    operation: call.operation,
    ...(call.partNumber === undefined ? {} : { partNumber: call.partNumber }),
    attempt,
    delayMs,
    reason,
    outcomeUnknown: failure.facts.outcomeUnknown,
  })
}

/** Ends early, without a word, when the call is over. */
async function pause(delayMs: number, context: CallContext): Promise<void> {
  const signals = [context.signal, context.retrySignal].filter((signal) => signal !== undefined)
  await sleep(delayMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined)
}

function formatQuery(query: readonly QueryParameter[]): string {
  if (query.length === 0) return ''
  const pairs = query.map(([name, value]) => percentEncode(name) + (value === '' ? '' : `=${percentEncode(value)}`))
  return `?${pairs.join('&')}`
}
