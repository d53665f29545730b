/**
 * Sends calls: signs and sends a request, parses the response, and retries if that may help. Each attempt has a new
 * date, a new snapshot of the credentials and, after a broken connection, a new connection.
 */
import type { CredentialsSource } from '../../credentials/credentials-source.js'
import { cancelled, HttpFailure, toHttpFailure } from '../../http/http-failure.js'
import type { BodySink, HttpAnswer, HttpHead, HttpRequest, HttpStreamAnswer } from '../../http/http-message.js'
import type { Transport } from '../../http/transport.js'
import { readText } from '../../http/read-text.js'
import type { RetryPolicy } from '../../shared/backoff.js'
import { debugLine } from '../../shared/diagnostics.js'
import { UploadError } from '../../shared/errors.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { VERSION } from '../../shared/version.js'
import { formatQuery } from '../../signing/percent-encoding.js'
import { Attempt } from './attempt.js'
import { AttemptFailure, failureOf, failureOfAnswer, isErrorDocument } from './attempt-failure.js'
import { Attempts } from './attempts.js'
import { type Call, describeCall, factsOfCall } from './call.js'
import { type Effort, effortDetails, failedCall } from './call-error.js'
import { CircuitBreaker } from './circuit-breaker.js'
import type { Dialect } from '../dialect.js'
import { sha256Hex } from '../object/object-body.js'
import { Remedies, ServiceClock } from './remedies.js'
import { isFailedCallback } from './response-rules.js'
import { type OnAnswer, type RequestTrace, traceRequest } from './request-trace.js'
import type { CallContext } from '../store-driver.js'

const USER_AGENT = `oss-upload-stream/${VERSION} node/${process.versions.node}`

/** Sends a request, reports that a response was received, and parses it. */
type Send<T> = (request: HttpRequest, onAnswer: OnAnswer) => Promise<T>

/** An attempt at a call, with its context. */
interface Running<T> {
  attempt: Attempt
  attempts: Attempts
  call: Call
  context: CallContext
  send: Send<T>
  payloadHash: string | undefined
  errorOf: (failure: AttemptFailure) => UploadError
}

export interface RequesterParts {
  dialect: Dialect
  transport: Transport
  credentials: CredentialsSource
  retry: RetryPolicy
  answerMs: number
  /** Default: a separate clock. */
  clock?: ServiceClock
}

export class Requester {
  readonly #parts: RequesterParts
  readonly #host: string
  readonly #clock: ServiceClock
  readonly #breaker: CircuitBreaker

  constructor(parts: RequesterParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? new ServiceClock()
    this.#host = new URL(parts.dialect.origin).host
    this.#breaker = new CircuitBreaker(parts.retry)
  }

  /** Resolves with the result of `read`, which may throw an AttemptFailure. Throws UploadError. */
  async call<T>(call: Call, context: CallContext, read: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request, onAnswer) => {
      const answer = await transport.send(request)
      onAnswer(answer)
      if (!isSuccess(answer.status, call, dialect) || isErrorDocument(answer.text))
        throw await failureOfAnswer(answer, dialect, call)
      if (Number(answer.headers[`${dialect.headerPrefix}qos-delay-time`]) > 0) context.onThrottled?.('delayed')
      return read(answer)
    })
  }

  /** The same for a response with a streamed body: retried until its headers are received. */
  async open<T>(call: Call, context: CallContext, read: (answer: HttpStreamAnswer) => T): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request, onAnswer) => {
      const { status, headers, body } = await transport.open(request)
      onAnswer({ status, headers })
      if (isSuccess(status, call, dialect)) return read({ status, headers, body })
      const text = await readText(body).catch((error: unknown) => {
        throw toHttpFailure(error)
      })
      throw await failureOfAnswer({ status, headers, text }, dialect, call)
    })
  }

  /** Fails all calls that wait for a service that is away. */
  close(): void {
    this.#breaker.disable()
  }

  /**
   * The same for a body that is passed to a sink; resolves when the body has ended. `begin` may throw an
   * AttemptFailure, or an UploadError, which is final. `check` is called after the body, and may throw an
   * AttemptFailure. An attempt that fails in the body is retried.
   */
  async receive<T extends { sink: BodySink }>(
    call: Call,
    context: CallContext,
    begin: (head: HttpHead) => T,
    check: (begun: T, head: HttpHead) => void,
  ): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request, onAnswer) => {
      let begun: T | undefined
      let refusal: unknown
      const answer = await transport
        .receive(request, (head) => {
          onAnswer(head)
          if (!isSuccess(head.status, call, dialect)) return undefined
          try {
            begun = begin(head)
            return begun.sink
          } catch (error) {
            refusal = error
            throw error
          }
        })
        .catch((error: unknown) => {
          throw refusal ?? error
        })
      if (begun === undefined) throw await failureOfAnswer(answer, dialect, call)
      check(begun, answer)
      return begun
    })
  }

  /** Makes attempts until one succeeds or none is left. */
  async #attempts<T>(call: Call, context: CallContext, send: Send<T>): Promise<T> {
    const { dialect, retry, credentials } = this.#parts
    const attempts = new Attempts(retry, patienceOf(call, context, retry))
    const remedies = new Remedies(this.#clock, credentials)
    const payloadHash = dialect.signsPayload ? await sha256Hex(call.body?.segments ?? []) : undefined
    try {
      for (;;) {
        const attempt = this.#newAttempt(context)
        await this.#turn(attempt, attempts, context)
        const errorOf = (failure: AttemptFailure): UploadError =>
          failedCall(call, dialect, failure, attempt.clean, attempts.effort(failure))
        try {
          return await this.#attempt({ attempt, attempts, call, context, send, payloadHash, errorOf })
        } catch (failure) {
          if (!(failure instanceof AttemptFailure)) throw failure
          const helps = await remedies.apply(failure, attempt.credentials, context.signal)
          const delayMs = helps ? attempts.delayAfter(failure, this.#breaker.hasAnswered) : undefined
          if (delayMs === undefined || signalsOf(context).some(isAborted)) throw errorOf(failure)
          const notice = { attempt: attempts.count, delayMs: this.#breaker.probeInMs ?? delayMs, failure }
          reportRetry(call, context, { ...notice, reason: attempt.clean(failure.message) })
          // While the service is away, all calls wait for the next probe.
          if (this.#breaker.probeInMs === undefined) await attempts.pause(delayMs, signalsOf(context))
        }
      }
    } finally {
      this.#breaker.leave(context.outageObserver)
    }
  }

  #newAttempt(context: CallContext): Attempt {
    const attempt = new Attempt((bytes) => {
      context.onSent?.(bytes)
      if (bytes > 0) this.#breaker.moved(attempt, attempt.bytesSent)
    })
    return attempt
  }

  /** Waits until the attempt may start, or the retry time is over: then it is the last attempt. */
  async #turn(attempt: Attempt, attempts: Attempts, context: CallContext): Promise<void> {
    const caller = {
      patienceMs: attempts.patienceMs,
      signals: signalsOf(context),
      observer: context.outageObserver,
    }
    const turn = await this.#breaker.enter(attempt, caller)
    attempts.wait(turn?.waitedMs ?? 0)
  }

  /** Makes one attempt, and reports its result to the circuit breaker. Throws AttemptFailure, or an UploadError. */
  async #attempt<T>({ attempt, attempts, call, context, send, payloadHash, errorOf }: Running<T>): Promise<T> {
    try {
      this.#throwIfOver(call, context, attempts.effort())
      attempts.begin()
      attempt.begin()
      const result = await traceRequest(
        () => this.#traceOf(call, context, attempts.count),
        async (onAnswer) => send(await this.#request(call, context, payloadHash, attempt), onAnswer),
        (headers) => attempt.clean(headers[this.#parts.dialect.requestIdHeader] ?? ''),
        (error) =>
          error instanceof HttpFailure || error instanceof AttemptFailure ? errorOf(failureOf(error)) : error,
      )
      this.#breaker.answered()
      return result
    } catch (error) {
      const failure = attempt.failed(error)
      attempts.record(attempt, failure)
      const { outage: kind, status, retryAfterMs, outcomeUnknown, throttled } = failure.facts
      if (kind === 'line' || kind === 'service') {
        this.#breaker.failed(attempt, { kind, reason: attempt.clean(failure.message), retryAfterMs })
      } else if (status !== undefined) this.#breaker.answered()
      if (outcomeUnknown) context.onOutcomeUnknown?.()
      if (throttled === true) context.onThrottled?.('refused')
      throw failure
    } finally {
      this.#breaker.released(attempt)
    }
  }

  #traceOf(call: Call, { upload }: CallContext, attempt: number): RequestTrace {
    const { operation, method, body } = call
    const { dialect } = this.#parts
    const { provider } = dialect
    const trace = { provider, ...factsOfCall(call, dialect), operation, method, attempt, size: body?.size ?? 0 }
    return upload === undefined ? trace : { ...trace, upload }
  }

  /** Signs the request of an attempt, with current credentials and a new date. */
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
    const headers: Record<string, string> = {
      ...dialect.everyRequest,
      ...call.headers,
      ...call.headersOfAttempt?.(),
      host: this.#host,
    }
    headers['user-agent'] = USER_AGENT
    if (method === 'PUT' || method === 'POST') headers['content-length'] = String(body?.size ?? 0)
    const signable = { method, bucket: dialect.bucket, key, query, headers, payloadHash }
    Object.assign(headers, dialect.sign(signable, credentials, this.#clock.now()))
    // Not signed, because proxies change it. Bytes in another encoding have another length and checksum.
    headers['accept-encoding'] = 'identity'
    attempt.request = {
      method,
      origin: dialect.origin,
      path: dialect.pathOf(key) + formatQuery(query),
      headers,
      body,
      signal: context.signal,
      answerMs: Math.min(answerMs * patience, context.attemptMs ?? Infinity),
      // White space that keeps the connection open may be as rare as the limit on the response permits.
      ...(patience > 1 ? { gapMs: answerMs * patience } : {}),
      pacedMs,
      onSent: attempt.sent,
    }
    return attempt.request
  }

  #throwIfOver(call: Call, context: CallContext, effort: Effort): void {
    const { dialect, transport } = this.#parts
    const ended = signalsOf(context).find(isAborted)
    if (ended === undefined && !transport.isClosed) return
    const facts =
      effort.attempts > 0 ? { ...factsOfCall(call, dialect), ...effortDetails(effort) } : factsOfCall(call, dialect)
    if (transport.isClosed) throw new UploadError('CLOSED', `${describeCall(call)}: the store is closed`, facts)
    const cause: unknown = ended?.reason
    throw new UploadError('ABORTED', `${describeCall(call)} was cancelled`, { ...facts, cause })
  }
}

function isSuccess(status: number, call: Call, dialect: Dialect): boolean {
  return status >= 200 && status < 300 && !isFailedCallback(status, call, dialect)
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
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

function signalsOf({ signal, retrySignal }: CallContext): AbortSignal[] {
  return [signal, retrySignal].filter((given) => given !== undefined)
}

/** The retry time depends on what would be lost with the call: the parts of an upload, or nothing yet. */
function patienceOf({ method, uploadId }: Call, context: CallContext, { totalMs, startMs }: RetryPolicy): number {
  if (context.retryTotalMs !== undefined) return Math.min(context.retryTotalMs, totalMs)
  const isOfUpload = uploadId !== undefined && method !== 'DELETE'
  return isOfUpload || context.isUnderWay === true ? totalMs : Math.min(startMs, totalMs)
}
