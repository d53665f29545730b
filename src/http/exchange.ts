/**
 * One request and its whole answer, carried by a dispatcher. It speaks with the dispatcher directly: what a stream for
 * the answer and a signal for each request would cost is as much as a small request itself.
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
  /** From the moment that the request is on a connection; where there is none, whoever makes the body sets the limits. */
  answerMs?: number
  /** With no byte of the answer moving, once it has begun. */
  bodyTimeout: number
  /** From the headers of the answer on, each time: for its end, or for `LEAST_ANSWER` bytes more. */
  restMs: number
  /** Default: every body becomes text. */
  begin?: BeginBody
  /** Holds back a body that is not text. */
  limiter?: BandwidthLimiter | undefined
}

/** What is used of undici's controller; a dispatcher of undici 6 gives the first alone. */
interface Controller {
  abort: (reason: Error) => void
  pause?: () => void
  resume?: () => void
}

/** An answer that brings less within a limit is not slow: it keeps its request from ending. */
const LEAST_ANSWER = 16 * KiB

/** A timer that is so late was not late because of other work. */
const STOPPED_MS = 5_000

export class Exchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  #resolve: (answer: HttpAnswer) => void = () => undefined
  #reject: (error: HttpFailure) => void = () => undefined
  /** Once the request is on a connection. */
  #controller: Controller | undefined
  #answerMs: number | undefined
  #restMs = 0
  /** Why the request ends early. */
  #failure: HttpFailure | undefined
  #isSettled = false
  #ended: AbortController | undefined
  /** Of the answer, once its headers are there. */
  #head: HttpHead | undefined
  #begin: BeginBody | undefined
  #limiter: BandwidthLimiter | undefined
  #sink: BodySink | undefined
  #isPaused = false
  readonly #chunks: Buffer[] = []
  #length = 0
  /** Of the one time limit that runs at a time. */
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined

  constructor(request: HttpRequest) {
    this.#request = request
  }

  /** Aborted when the request is over, be it answered before its body has left: for what that waits for. */
  get ended(): AbortSignal {
    this.#ended ??= new AbortController()
    return this.#ended.signal
  }

  /** To be called once. Rejects with HttpFailure. */
  async send(
    dispatcher: Dispatcher,
    { body, answerMs, bodyTimeout, restMs, begin, limiter }: ExchangeOptions,
  ): Promise<HttpAnswer> {
    const { origin, path, method, headers, signal } = this.#request
    this.#answerMs = answerMs
    this.#restMs = restMs
    this.#begin = begin
    this.#limiter = limiter
    // The client's own limit on the answer would count the body's time as well.
    const limits = { headersTimeout: 0, bodyTimeout }
    if (signal?.aborted === true) throw cancelled(signal.reason, false)
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      signal?.addEventListener('abort', this.#onCallerAbort)
      try {
        // The client takes any iterable; its types name Readable alone.
        dispatcher.dispatch({ origin, path, method, headers, body: body as Readable | null, ...limits }, this)
      } catch (error) {
        this.onResponseError(undefined, toHttpFailure(error))
      }
    })
  }

  /** Ends the request with `failure` when `limitMs` have passed, in the place of the limit that ran before. */
  expect(limitMs: number, failure: string): void {
    this.expectNothing()
    // A server may answer before it has the whole body, which then still moves for a moment.
    if (this.#head !== undefined || this.#isSettled) return
    this.#after(limitMs, () => this.#end(new HttpFailure('timeout', failure, true)))
  }

  expectAnswer(limitMs: number): void {
    this.expect(limitMs, `no answer came within ${limitMs} ms`)
  }

  /** No limit runs until the next one is set. */
  expectNothing(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
  }

  /**
   * A process that was busy for longer than the limit has not read its sockets yet: it looks at them first. One that was
   * stopped for a while begins the limit again: its peers may have to find out that it is back.
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
        this.#end(new HttpFailure('timeout', `only ${moved} bytes of the answer came within ${this.#restMs} ms`, true))
    })
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
    else if (this.#answerMs !== undefined) this.expectAnswer(this.#answerMs)
  }

  onResponseStart(_controller: unknown, status: number, headers: RawHeaders): void {
    // Those below 200 come before the answer.
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
    // A body that goes elsewhere may take as long as it moves.
    if (this.#sink === undefined) this.#expectRest()
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    // What comes after the end is nobody's: the sink's memory may serve another request by now.
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
      this.#end(new HttpFailure('network', 'the answer ended before it began', true))
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

  // A dispatcher of the caller's may be of undici 6, which knows these names alone.

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

  /** What has come is let through afterwards: until then nothing more is read, and the server stops sending. */
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

  /** A request that still waits for its connection ends when that is there: nothing of it is sent. */
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
