/**
 * Sends calls: sign, send, understand, and again where that helps. Each attempt has a fresh date, a fresh snapshot of
 * the credentials and, after a broken connection, a fresh connection.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { CredentialsSource } from '../credentials/credentials-source.js'
import type { HttpAnswer, HttpRequest, HttpStreamAnswer, Transport } from '../http/transport.js'
import { readText } from '../http/read-text.js'
import { backoffMs, type RetryOptions } from '../shared/backoff.js'
import type { Credentials } from '../shared/credentials.js'
import { UploadError } from '../shared/errors.js'
import { VERSION } from '../shared/version.js'
import { percentEncode } from '../signing/percent-encoding.js'
import type { QueryParameter } from '../signing/signable-request.js'
import { type AttemptFailure, failureOf, failureOfAnswer, isErrorDocument } from './attempt-failure.js'
import type { Dialect } from './dialect.js'
import { sha256Hex } from './object-body.js'
import type { CallContext } from './store-driver.js'

/** One call of the service, to be tried until it is settled. */
export interface Call {
  /** The service's name of it, such as `UploadPart`. */
  operation: string
  method: HttpRequest['method']
  key?: string
  query?: readonly QueryParameter[]
  headers?: Readonly<Record<string, string>>
  body?: Uint8Array
  partNumber?: number
  uploadId?: string
  /** How much longer than other calls this one may take to be answered. Default 1. */
  patience?: number
}

const USER_AGENT = `oss-upload-stream/${VERSION} node/${process.versions.node}`

export interface RequesterParts {
  dialect: Dialect
  transport: Transport
  credentials: CredentialsSource
  retry: RetryOptions
  answerMs: number
}

export class Requester {
  readonly #parts: RequesterParts
  /** What the service's clock is ahead of this machine's, learned when it refused a date. */
  #clockOffsetMs = 0

  constructor(parts: RequesterParts) {
    this.#parts = parts
  }

  /** The answer as `read` understands it; `read` may throw an AttemptFailure. Throws UploadError. */
  async call<T>(call: Call, context: CallContext, read: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request) => {
      const answer = await transport.send(request)
      if (!isSuccess(answer.status) || isErrorDocument(answer.text)) throw failureOfAnswer(answer, dialect)
      return read(answer)
    })
  }

  /** The same for an answer whose body is to be streamed: retried until its headers are there. */
  async open<T>(call: Call, context: CallContext, read: (answer: HttpStreamAnswer) => T): Promise<T> {
    const { transport, dialect } = this.#parts
    return this.#attempts(call, context, async (request) => {
      const { status, headers, body } = await transport.open(request)
      if (!isSuccess(status)) throw failureOfAnswer({ status, headers, text: await readText(body) }, dialect)
      return read({ status, headers, body })
    })
  }

  async #attempts<T>(call: Call, context: CallContext, attempt: (request: HttpRequest) => Promise<T>): Promise<T> {
    const { credentials, retry } = this.#parts
    const begunAt = performance.now()
    const totalMs = context.retryTotalMs ?? retry.totalMs
    let renewedCredentials = false
    let outcomeUnknown = false
    const payloadHash = this.#parts.dialect.signsPayload ? await sha256Hex(call.body ?? new Uint8Array(0)) : undefined

    for (let attempts = 1; ; attempts += 1) {
      this.#throwIfOver(call, context, attempts)
      const date = new Date(Date.now() + this.#clockOffsetMs)
      let sent = 0
      let snapshot: Credentials | undefined
      try {
        snapshot = await credentials.snapshot()
        const request = this.#request(call, context, { credentials: snapshot, date, payloadHash }, (bytes) => {
          sent += bytes
          context.onSent?.(bytes)
        })
        return await attempt(request)
      } catch (error) {
        const failure = failureOf(error)
        if (sent > 0) context.onSent?.(-sent)
        outcomeUnknown ||= failure.facts.outcomeUnknown
        const elapsedMs = performance.now() - begunAt

        const { remedy } = failure.facts
        let helps = remedy !== 'none'
        let delayMs = 0
        if (remedy === 'again') {
          delayMs = failure.facts.retryAfterMs ?? backoffMs(attempts, retry, failure.facts.throttled === true)
        } else if (remedy === 'clock') {
          helps = this.#mendClock(failure)
        } else if (remedy === 'credentials') {
          // Once: credentials that are refused right after they were renewed will be refused again.
          helps = !renewedCredentials && (await this.#renewCredentials(snapshot))
          renewedCredentials = true
        }
        const isLast = !helps || attempts >= retry.maxAttempts || elapsedMs + delayMs >= totalMs
        if (isLast || isAborted(context.signal) || isAborted(context.retrySignal)) {
          throw this.#errorOf(call, failure, { attempts, elapsedMs: Math.round(elapsedMs), outcomeUnknown })
        }
        context.onRetry?.({
          operation: call.operation,
          ...(call.partNumber === undefined ? {} : { partNumber: call.partNumber }),
          attempt: attempts,
          delayMs,
          reason: failure.message,
          outcomeUnknown: failure.facts.outcomeUnknown,
        })
        if (delayMs > 0) await pause(delayMs, context)
      }
    }
  }

  /** Takes over the service's time; servers of one service may differ, so that this can happen more than once. */
  #mendClock({ facts: { serverTime } }: AttemptFailure): boolean {
    if (serverTime === undefined) return false
    this.#clockOffsetMs = serverTime - Date.now()
    return true
  }

  /** Whether there are others than those that were rejected. */
  async #renewCredentials(rejected: Credentials | undefined): Promise<boolean> {
    const renewed = await this.#parts.credentials.snapshot(rejected)
    return renewed.accessKeyId !== rejected?.accessKeyId || renewed.securityToken !== rejected.securityToken
  }

  #request(
    call: Call,
    context: CallContext,
    signed: { credentials: Credentials; date: Date; payloadHash: string | undefined },
    onSent: (bytes: number) => void,
  ): HttpRequest {
    const { dialect, answerMs } = this.#parts
    const { method, key, query = [], body, patience = 1 } = call
    const headers: Record<string, string> = { ...call.headers, host: new URL(dialect.origin).host }
    headers['user-agent'] = USER_AGENT
    if (method === 'PUT' || method === 'POST') headers['content-length'] = String(body?.length ?? 0)
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
      onSent,
    }
  }

  #throwIfOver(call: Call, context: CallContext, attempts: number): void {
    if (this.#parts.transport.isClosed) {
      throw new UploadError('CLOSED', `${describe(call)}: the store is closed`, factsOf(call, this.#parts.dialect))
    }
    if (isAborted(context.signal) || (attempts > 1 && isAborted(context.retrySignal))) {
      const cause: unknown = (context.signal ?? context.retrySignal)?.reason
      throw new UploadError('ABORTED', `${describe(call)} was cancelled`, {
        ...factsOf(call, this.#parts.dialect),
        cause,
      })
    }
  }

  #errorOf(
    call: Call,
    failure: AttemptFailure,
    effort: { attempts: number; elapsedMs: number; outcomeUnknown: boolean },
  ): UploadError {
    const { remedy, status, serviceCode, requestId, ec } = failure.facts
    const tried =
      effort.attempts === 1 ? '' : ` after ${effort.attempts} attempts in ${(effort.elapsedMs / 1000).toFixed(1)} s`
    const ids = [requestId && `request id ${requestId}`, ec && `EC ${ec}`].filter(Boolean).join(', ')
    const message = `${describe(call)} failed${tried}: ${failure.message}${ids === '' ? '' : ` (${ids})`}`
    return new UploadError(failure.code, message, {
      ...factsOf(call, this.#parts.dialect),
      retryable: remedy === 'again',
      status,
      serviceCode,
      requestId,
      ec,
      ...effort,
      outcomeUnknown: effort.outcomeUnknown ? true : undefined,
      cause: failure.cause,
    })
  }
}

function isSuccess(status: number): boolean {
  // 203 is how OSS says that the object is stored but its callback failed.
  return status >= 200 && status < 300 && status !== 203
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}

/** Ends early, without a word, when the call is over. */
async function pause(delayMs: number, context: CallContext): Promise<void> {
  const signals = [context.signal, context.retrySignal].filter((signal) => signal !== undefined)
  await sleep(delayMs, undefined, { signal: AbortSignal.any(signals) }).catch(() => undefined)
}

function describe(call: Call): string {
  const part = call.partNumber === undefined ? '' : ` of part ${call.partNumber}`
  return call.key === undefined ? call.operation : `${call.operation}${part} for ${JSON.stringify(call.key)}`
}

function factsOf(
  call: Call,
  dialect: Dialect,
): { bucket: string; key?: string; uploadId?: string; partNumber?: number } {
  const { key, uploadId, partNumber } = call
  return {
    bucket: dialect.bucket,
    ...(key === undefined ? {} : { key }),
    ...(uploadId === undefined ? {} : { uploadId }),
    ...(partNumber === undefined ? {} : { partNumber }),
  }
}

function formatQuery(query: readonly QueryParameter[]): string {
  if (query.length === 0) return ''
  const pairs = query.map(([name, value]) => percentEncode(name) + (value === '' ? '' : `=${percentEncode(value)}`))
  return `?${pairs.join('&')}`
}
