/**
 * Requests over HTTP/1.1 with three time limits, none of which a slow but moving request ever meets: connecting,
 * bytes not moving, and waiting for the answer once all bytes have left. Redirects are not followed: credentials
 * never go to a host that the caller did not name.
 *
 * `undici` is imported by its file: Bun puts a class of its own in the place of the bare name, which cannot do this.
 */
import { type Readable } from 'node:stream'
import type { Dispatcher } from 'undici/index.js'
import type { BandwidthLimiter } from './bandwidth-limiter.js'
import { bodySlices } from './body-slices.js'
import { HttpFailure, toHttpFailure } from './http-failure.js'
import { OwnAgent } from './own-agent.js'
import type { Proxy } from './proxy.js'
import { pacedSlices } from './paced-slices.js'
import { readText } from './read-text.js'

export type { Dispatcher }

/** Time limits on single steps of a request; there is none on the whole. */
export interface TimeoutOptions {
  /** To connect, TLS included. Not applied with a dispatcher of your own, which has limits of its own. Default 10,000 ms. */
  connectMs: number
  /**
   * From the last byte handed to the operating system to the first byte of the answer, plus the time that sending took:
   * the system may hold bytes for as long. Completing an upload may take five times as long. Default 60,000 ms.
   */
  answerMs: number
  /** With no byte moving in a body that is being sent or received. Default 30,000 ms. */
  stallMs: number
}

export const DEFAULT_TIMEOUTS: TimeoutOptions = { connectMs: 10_000, answerMs: 60_000, stallMs: 30_000 }

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Scheme, host and port. */
  origin: string
  /** Sent as it is, never normalised: a key may hold `..`. */
  path: string
  headers: Record<string, string>
  body?: Uint8Array | undefined
  signal?: AbortSignal | undefined
  /** Instead of the transport's own. */
  answerMs?: number | undefined
  /** The time that the server was asked to take for the body: added to the limits on moving it and on the answer. */
  pacedMs?: number | undefined
  /** Called with each number of bytes of the body that left. */
  onSent?: ((bytes: number) => void) | undefined
}

export interface HttpAnswer {
  status: number
  /** Names in lower case; repeated ones joined with a comma. */
  headers: Record<string, string>
  text: string
}

export interface HttpStreamAnswer {
  status: number
  headers: Record<string, string>
  body: Readable
}

export interface TransportParts {
  /** Stays the caller's: it is used, never closed, and knows its way without `proxy`. */
  dispatcher?: Dispatcher | undefined
  proxy?: Proxy | undefined
  limiter?: BandwidthLimiter | undefined
}

export class Transport {
  readonly #timeouts: TimeoutOptions
  readonly #proxy: Proxy | undefined
  readonly #limiter: BandwidthLimiter | undefined
  /** An agent of our own, or what the caller gave. */
  #connections: OwnAgent | { dispatcher: Dispatcher }
  /** Of dispatchers that were replaced and still end their requests. */
  readonly #retiring = new Set<Promise<void>>()
  #closing: Promise<void> | undefined

  constructor(timeouts: TimeoutOptions, { dispatcher, proxy, limiter }: TransportParts = {}) {
    this.#timeouts = timeouts
    this.#proxy = proxy
    this.#limiter = limiter
    this.#connections = dispatcher === undefined ? new OwnAgent(timeouts.connectMs, proxy) : { dispatcher }
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /** The whole answer as text. Throws HttpFailure. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const watch = new Watch(request.signal)
    try {
      const { status, headers, body } = await this.#exchange(request, watch)
      return { status, headers, text: await readText(body) }
    } catch (error) {
      throw watch.failureOr(error)
    } finally {
      watch.stop()
    }
  }

  /**
   * The answer with its body still to be read: whoever gets it must read or destroy it. The signal ends with the
   * headers. Throws HttpFailure.
   */
  async open(request: HttpRequest): Promise<HttpStreamAnswer> {
    const watch = new Watch(request.signal)
    try {
      return await this.#exchange(request, watch)
    } finally {
      watch.stop()
    }
  }

  /** Opens connections until `count` are there that no request uses. What fails is left to the requests to find out. */
  prepare(origin: string, count: number): void {
    if (this.#connections instanceof OwnAgent && !this.isClosed) this.#connections.prepare(origin, count)
  }

  /** Ends idle connections; requests in flight end first. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    const own = this.#connections instanceof OwnAgent ? this.#connections : undefined
    await Promise.all([own?.close(), ...this.#retiring])
  }

  async #exchange(request: HttpRequest, watch: Watch): Promise<HttpStreamAnswer> {
    watch.throwIfEnded()
    const { dispatcher } = this.#connections
    try {
      const answer = await dispatcher.request({
        origin: request.origin,
        path: request.path,
        method: request.method,
        headers: request.headers,
        signal: watch.signal,
        bodyTimeout: this.#timeouts.stallMs,
        ...this.#bodyOf(request, watch),
      })
      // The answer has begun: from here on the body's own limit counts.
      watch.answered()
      return { status: answer.statusCode, headers: joinHeaders(answer.headers), body: answer.body }
    } catch (error) {
      const failure = watch.failureOr(error)
      if (failure.kind === 'network' && failure.mayHaveArrived) this.#renew(dispatcher)
      throw failure
    }
  }

  #bodyOf(request: HttpRequest, watch: Watch): Pick<Dispatcher.RequestOptions, 'body' | 'headersTimeout'> {
    const { body, onSent, pacedMs = 0 } = request
    const answerMs = (request.answerMs ?? this.#timeouts.answerMs) + pacedMs
    // The client's own limit counts from the moment that the request is written: right where there is no body.
    if (body === undefined || body.length === 0) return { body: null, headersTimeout: answerMs }
    const stallMs = this.#timeouts.stallMs + pacedMs
    let begunAt: number | undefined
    const watcher = {
      onMoved(bytes: number) {
        begunAt ??= performance.now()
        watch.expect(stallMs, `no byte of the request moved for ${stallMs} ms`)
        if (bytes > 0) onSent?.(bytes)
      },
      onAllMoved() {
        // A slow connection has yet to carry what the operating system holds: no more than went out until now.
        const limitMs = Math.ceil(answerMs + performance.now() - (begunAt ?? 0))
        watch.expect(limitMs, `no answer came within ${limitMs} ms`)
      },
      onHeld() {
        watch.expectNothing()
      },
    }
    const slices =
      this.#limiter === undefined
        ? bodySlices(body, watcher, stallMs, () => performance.now())
        : pacedSlices(body, watcher, this.#limiter, watch.signal)
    // The client takes any iterable; its types name Readable alone.
    return { body: slices as unknown as Readable, headersTimeout: 0 }
  }

  /** A broken connection may have idle siblings that broke as well: the next attempt gets a new one. */
  #renew(used: Dispatcher): void {
    const broken = this.#connections
    if (!(broken instanceof OwnAgent) || this.isClosed || used !== broken.dispatcher) return
    this.#connections = new OwnAgent(this.#timeouts.connectMs, this.#proxy)
    const retiring = broken.close().finally(() => this.#retiring.delete(retiring))
    this.#retiring.add(retiring)
  }
}

/** Why a request ends early: the caller's signal, or the one time limit that runs at a time. */
class Watch {
  readonly #controller = new AbortController()
  readonly #callerSignal: AbortSignal | undefined
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #failure: HttpFailure | undefined
  #answered = false

  constructor(callerSignal: AbortSignal | undefined) {
    this.#callerSignal = callerSignal
    if (callerSignal?.aborted === true) this.#cancel(false)
    else callerSignal?.addEventListener('abort', this.#onCallerAbort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  throwIfEnded(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** What ended the request early; `error` if nothing did. */
  failureOr(error: unknown): HttpFailure {
    return this.#failure ?? toHttpFailure(error)
  }

  /** No limit runs until the next one is set. */
  expectNothing(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
  }

  expect(limitMs: number, failure: string): void {
    this.expectNothing()
    // A server may answer before it has the whole body, which then still moves for a moment.
    if (this.#answered) return
    this.#timer = setTimeout(() => {
      // A process that was busy for longer than the limit has not read its sockets yet: look at them first.
      this.#immediate = setImmediate(() => this.#end(new HttpFailure('timeout', failure, true)))
    }, limitMs)
  }

  answered(): void {
    this.#answered = true
    this.expectNothing()
  }

  stop(): void {
    this.answered()
    this.#callerSignal?.removeEventListener('abort', this.#onCallerAbort)
  }

  #end(failure: HttpFailure): void {
    this.#failure ??= failure
    this.#controller.abort(this.#failure)
  }

  #cancel(mayHaveArrived: boolean): void {
    this.#end(new HttpFailure('cancelled', 'the request was cancelled', mayHaveArrived, this.#callerSignal?.reason))
  }

  readonly #onCallerAbort = (): void => this.#cancel(true)
}

function joinHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const joined: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return joined
}
