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
import { backoffMs, type RetryOptions } from '../../shared/backoff.js'
import type { Credentials } from '../../shared/credentials.js'
import { debugLine } from '../../shared/diagnostics.js'
import { UploadError } from '../../shared/errors.js'
import { oneLine } from '../../shared/one-line.js'
import { unlessAborted } from '../../shared/unless-aborted.js'
import { VERSION } from '../../shared/version.js'
import { percentEncode } from '../../signing/percent-encoding.js'
import type { QueryParameter } from '../../signing/signable-request.js'
import { AttemptFailure, failureOf, failureOfAnswer, isErrorDocument } from './attempt-failure.js'
import { type Call, describeCall, factsOfCall } from './call.js'
import { type Effort, effortDetails, failedCall } from './call-error.js'
import type { Dialect } from '../dialect.js'
import { sha256Hex } from '../object/object-body.js'
import { type OnAnswer, type RequestTrace, traceRequest } from './request-trace.js'
import type { CallContext } from '../store-driver.js'
import { withoutSecrets } from './without-secrets.js'

/** Characters of a failure's own text in a message. */
const LONGEST_REASON = 600

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
  /** What the service's clock is ahead of this machine's, learned when it refused a date. */
  #clockOffsetMs = 0

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
      if (!isSuccess(answer.status) || isErrorDocument(answer.text)) throw failureOfAnswer(answer, dialect)
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
      throw failureOfAnswer({ status, headers, text }, dialect)
    })
  }

  async #attempts<T>(call: Call, context: CallContext, send: Send<T>): Promise<T> {
    const { credentials, retry, dialect } = this.#parts
    const begunAt = performance.now()
    const elapsed = (): number => Math.round(performance.now() - begunAt)
    const totalMs = context.retryTotalMs ?? retry.totalMs
    let renewedCredentials = false
    let outcomeUnknown = false
    const payloadHash = dialect.signsPayload ? await sha256Hex(call.body?.segments ?? []) : undefined

    for (let attempts = 1; ; attempts += 1) {
      this.#throwIfOver(call, context, { attempts: attempts - 1, elapsedMs: elapsed(), outcomeUnknown })
      let isOver = false
      let sent = 0
      let snapshot: Credentials | undefined
      let request: HttpRequest | undefined
      const attempt = async (onAnswer: OnAnswer): Promise<T> => {
        snapshot = credentials.atHand ?? (await unlessAborted(credentials.snapshot(), context.signal, cancelledBefore))
        const date = new Date(Date.now() + this.#clockOffsetMs)
        request = this.#request(call, context, { credentials: snapshot, date, payloadHash }, (bytes) => {
          // What leaves after the failure counts for nothing.
          if (isOver) return
          sent += bytes
          context.onSent?.(bytes)
        })
        return send(request, onAnswer)
      }
      const reasonOf = ({ message }: AttemptFailure): string =>
        oneLine(withoutSecrets(message, snapshot, request), LONGEST_REASON)
      const errorOf = (failure: AttemptFailure): UploadError => {
        const effort = {
          attempts,
          elapsedMs: elapsed(),
          outcomeUnknown: outcomeUnknown || failure.facts.outcomeUnknown,
        }
        return failedCall(call, dialect, failure, reasonOf(failure), effort)
      }
      const toldError = (error: unknown): unknown =>
        error instanceof HttpFailure || error instanceof AttemptFailure ? errorOf(failureOf(error)) : error
      try {
        return await traceRequest(
          () => this.#traceOf(call, context, attempts),
          attempt,
          dialect.requestIdHeader,
          toldError,
        )
      } catch (error) {
        isOver = true
        const failure = failureOf(error)
        if (sent > 0) context.onSent?.(-sent)
        if (failure.facts.outcomeUnknown) context.onOutcomeUnknown?.()
        outcomeUnknown ||= failure.facts.outcomeUnknown

        const { remedy, throttled } = failure.facts
        if (throttled === true) context.onThrottled?.('refused')
        let helps = remedy !== 'none'
        let delayMs = 0
        if (remedy === 'again') {
          // Never sooner than by our own rule: a service that asks for 0 would use up all attempts at once.
          delayMs = Math.max(failure.facts.retryAfterMs ?? 0, backoffMs(attempts, retry, throttled === true))
        } else if (remedy === 'clock') {
          helps = this.#mendClock(failure)
        } else if (remedy === 'credentials') {
          // Once: credentials that are refused right after they were renewed will be refused again.
          helps = !renewedCredentials && (await this.#renewCredentials(snapshot, context))
          renewedCredentials = true
        }
        const isLast = !helps || attempts >= retry.maxAttempts || elapsed() + delayMs >= totalMs
        if (isLast || isAborted(context.signal) || isAborted(context.retrySignal)) throw errorOf(failure)
        debugLine(`${describeCall(call)}: attempt ${attempts + 1} follows in ${delayMs} ms`)
        context.onRetry?.({
          operation: call.operation,
          ...(call.partNumber === undefined ? {} : { partNumber: call.partNumber }),
          attempt: attempts,
          delayMs,
          reason: reasonOf(failure),
          outcomeUnknown: failure.facts.outcomeUnknown,
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

  /** Takes over the service's time; servers of one service may differ, so that this can happen more than once. */
  #mendClock({ facts: { serverTime } }: AttemptFailure): boolean {
    if (serverTime === undefined) return false
    this.#clockOffsetMs = serverTime - Date.now()
    return true
  }

  /** Whether there may be others than those that were rejected. */
  async #renewCredentials(rejected: Credentials | undefined, context: CallContext): Promise<boolean> {
    try {
      const snapshot = this.#parts.credentials.snapshot(rejected)
      const renewed = await unlessAborted(snapshot, context.signal, cancelledBefore)
      return renewed.accessKeyId !== rejected?.accessKeyId || renewed.securityToken !== rejected.securityToken
    } catch {
      // The next attempt asks again, and tells what is wrong where it fails too.
      return true
    }
  }

  #request(
    call: Call,
    context: CallContext,
    signed: { credentials: Credentials; date: Date; payloadHash: string | undefined },
    onSent: (bytes: number) => void,
  ): HttpRequest {
    const { dialect, answerMs } = this.#parts
    const { method, key, query = [], body, patience = 1, pacedMs } = call
    const headers: Record<string, string> = { ...call.headers, host: this.#host }
    headers['user-agent'] = USER_AGENT
    if (method === 'PUT' || method === 'POST') headers['content-length'] = String(body?.size ?? 0)
    const signable = { method, bucket: dialect.bucket, key, query, headers, payloadHash: signed.payloadHash }
    Object.assign(headers, dialect.sign(signable, signed.credentials, signed.date))
    return {
      method,
      origin: dialect.origin,
      path: dialect.pathOf(key) + formatQuery(query),
      headers,
      body,
      signal: context.signal,
      answerMs: answerMs * patience,
      pacedMs,
      onSent,
    }
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

function cancelledBefore(reason: unknown): HttpFailure {
  return cancelled(reason, false)
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
