/**
 * One request and its complete response. It uses the low-level interface of the dispatcher: a response stream and a signal
 * for each request would cost as much as a small request itself.
 */
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici/index.js'
import { KiB } from '../shared/byte-size.js'
import type { BandwidthLimiter } from './bandwidth-limiter.js'
import { cancelled, HttpFailure, toHttpFailure } from './http-failure.js'
import {
  type BeginBody,
  type BodySink,
  type HttpAnswer,
  type HttpHead,
  type HttpRequest,
  joinHeaders,
  type RawHeaders,
} from './http-message.js'
import { LONGEST_ANSWER, tooLongAnswer } from './read-text.js'

export type BodySlices = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

export interface ExchangeOptions {
  body: Uint8Array | BodySlices | null
  /** Time limit for the response, from when the request is on a connection. If absent, the body sets the limits. */
  answerMs?: number
  /** How long the response may pause once it has started. */
  bodyTimeout: number
  /** Time limit, from the response headers on, for the end of the response or for each `LEAST_ANSWER` bytes of it. */
  restMs: number
  /** Default: every body is read as text. */
  begin?: BeginBody
  /** Limits the bandwidth of a body that is not read as text. */
  limiter?: BandwidthLimiter | undefined
}

/** The methods used of the controller of undici; undici 6 has only the first. */
interface Controller {
  abort: (reason: Error) => void
  pause?: () => void
  resume?: () => void
}

/** A response with fewer bytes than this within a limit is not slow: it keeps its request from ending. */
const LEAST_ANSWER = 16 * KiB

/** If a timer is this late, the process was suspended, not busy. */
export const STOPPED_MS = 5_000

export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  #resolve: (answer: HttpAnswer) => void = () => undefined
  #reject: (error: HttpFailure) => void = () => undefined
  /** Set once the request is on a connection. */
  #controller: Controller | undefined
  #answerMs: number | undefined
  #restMs = 0
  /** Why the request ends early. */
  #failure: HttpFailure | undefined
  #isSettled = false
  #ended: AbortController | undefined
  /** Status and headers of the response, once received. */
  #head: HttpHead | undefined
  #begin: BeginBody | undefined
  #limiter: BandwidthLimiter | undefined
  #sink: BodySink | undefined
  #isPaused = false
  readonly #chunks: Buffer[] = []
  #length = 0
  /** The timer of the current limit: only one runs at a time. */
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  constructor(request: HttpRequest) {
    this.#request = request
  }

  /** Aborted when the request is over, even if the response arrived before the body was sent. */
  get ended(): AbortSignal {
    this.#ended ??= new AbortController()
    return this.#ended.signal
  }

  /** Sends the request. Must be called once. Rejects with HttpFailure. */
  async send(
    dispatcher: Dispatcher,
    { body, answerMs, bodyTimeout, restMs, begin, limiter }: ExchangeOptions,
  ): Promise<HttpAnswer> {
    const { origin, path, method, headers, signal } = this.#request
    this.#answerMs = answerMs
    this.#restMs = restMs
    this.#begin = begin
    this.#limiter = limiter
    // The response limit of the client would include the time for sending the body.
    const limits = { headersTimeout: 0, bodyTimeout }
    if (signal?.aborted === true) throw cancelled(signal.reason, false)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      signal?.addEventListener('abort', this.#onCallerAbort)
      try {
        // The client accepts any iterable, although its types only name Readable.
        dispatcher.dispatch({ origin, path, method, headers, body: body as Readable | null, ...limits }, this)
      } catch (error) {
        this.onResponseError(undefined, toHttpFailure(error))
      }
    })
  }

  /** Ends the request with `failure` after `limitMs`. Replaces the previous limit. */
  expect(limitMs: number, failure: string): void {
    this.expectNothing()
    // A server may respond before it has the complete body, which then still moves for a moment.
    if (this.#head !== undefined || this.#isSettled) return
    this.#after(limitMs, () => this.#end(new HttpFailure('timeout', failure, true)))
  }

  expectAnswer(limitMs: number): void {
    this.expect(limitMs, `no response came within ${limitMs} ms`)
  }

  /**
   * Fails the request before its limit, because another attempt will be faster. Does nothing once the response has
   * started.
   */
  failEarly(reason: string): void {
    if (this.#head === undefined && !this.#isSettled) this.#end(new HttpFailure('timeout', reason, true))
  }

  /** Cancels the current limit. */
  expectNothing(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
  }

  /**
   * A process that was busy for longer than the limit has not read its sockets yet: it reads them first. A process that was
   * suspended restarts the limit, as its peers may need time to notice that it is back.
   */
  #after(limitMs: number, act: () => void): void {
    const due = performance.now() + limitMs
    this.#timer = setTimeout(() => {
      const lateMs = performance.now() - due
      this.#immediate = setImmediate(() => (lateMs > STOPPED_MS ? this.#after(limitMs, act) : act()))
    }, limitMs)
  }

  #expectRest(): void {
    const before = this.#length
    this.#after(this.#restMs, () => {
      const moved = this.#length - before
      if (moved >= LEAST_ANSWER) this.#expectRest()
      else
        this.#end(
          new HttpFailure('timeout', `only ${moved} bytes of the response came within ${this.#restMs} ms`, true),
        )
    })
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
    else if (this.#answerMs !== undefined) this.expectAnswer(this.#answerMs)
  }

  onResponseStart(_controller: unknown, status: number, headers: RawHeaders): void {
    // Informational (1xx) responses precede the response.
    if (status < 200) return
    this.expectNothing()
    this.#head = { status, headers: joinHeaders(headers) }
    if (this.#isSettled) return
    try {
      this.#sink = this.#begin?.(this.#head)
    } catch (error) {
      this.#end(refused(error))
      return
    }
    // A body for a sink may take any time as long as it moves.
    if (this.#sink === undefined) this.#expectRest()
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    // Ignore bytes after the end: the memory of the sink may serve another request by now.
    if (this.#isSettled) return
    if (this.#sink !== undefined) {
      this.#pass(this.#sink, chunk)
      return
    }
    this.#length += chunk.length
    if (this.#length <= LONGEST_ANSWER) this.#chunks.push(chunk)
    else this.#end(tooLongAnswer())
  }

  onResponseEnd(): void {
    if (this.#isSettled) return
    if (this.#head === undefined) {
      this.#end(new HttpFailure('network', 'the response ended before its headers', true))
      return
    }
    this.#settle()
    this.#resolve({ ...this.#head, text: Buffer.concat(this.#chunks, this.#length).toString('utf8') })
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#isSettled) return
    this.#settle()
    this.#reject(this.#failure ?? toHttpFailure(error))
  }

  // The dispatcher of the caller may be of undici 6, which only calls these names.

  onConnect(abort: (reason?: Error) => void): void {
    this.onRequestStart({ abort })
  }

  onHeaders(status: number, headers: readonly Buffer[], resume: () => void): boolean {
    if (this.#controller !== undefined) this.#controller.resume ??= resume
    const names = headers.filter((_, i) => i % 2 === 0).map((name) => name.toString('latin1').toLowerCase())
    const joined: Record<string, string[]> = Object.create(null) as Record<string, string[]>
    for (const [i, name] of names.entries()) (joined[name] ??= []).push(headers[2 * i + 1]?.toString('latin1') ?? '')
    this.onResponseStart(undefined, status, joined)
    return true
  }

  onData(chunk: Buffer): boolean {
    this.onResponseData(undefined, chunk)
    return !this.#isPaused
  }

  onComplete(): void {
    this.onResponseEnd()
  }

  onError(error: Error): void {
    this.onResponseError(undefined, error)
  }

  #pass(sink: BodySink, chunk: Buffer): void {
    try {
      sink.take(chunk)
    } catch (error) {
      this.#end(refused(error))
      return
    }
    if (this.#limiter !== undefined) void this.#holdBack(this.#limiter, chunk.length)
  }

  /** Delays further reading by the bandwidth limit for `bytes` already received, so that the server stops sending. */
  async #holdBack(limiter: BandwidthLimiter, bytes: number): Promise<void> {
    this.#isPaused = true
    this.#controller?.pause?.()
    try {
      for (let left = bytes; left > 0; left -= limiter.sliceSize) {
        await limiter.pass(Math.min(left, limiter.sliceSize), this.ended)
      }
    } catch {
      // The request is over.
      return
    }
    this.#isPaused = false
    this.#controller?.resume?.()
  }

  /** Ends the request. If it still waits for a connection, it ends when that is open, and nothing is sent. */
  #end(failure: HttpFailure): void {
    this.#failure ??= failure
    this.#controller?.abort(this.#failure)
    this.onResponseError(undefined, this.#failure)
  }

  #settle(): void {
    this.#isSettled = true
    this.expectNothing()
    this.#ended?.abort()
    this.#request.signal?.removeEventListener('abort', this.#onCallerAbort)
  }

  readonly #onCallerAbort = (): void => {
    this.#end(cancelled(this.#request.signal?.reason, this.#controller !== undefined))
  }
}

function refused(error: unknown): HttpFailure {
  return error instanceof HttpFailure ? error : new HttpFailure('answer', String(error), true, error)
}
