/**
 * Requests over HTTP/1.1 with three time limits, none of which a slow but moving request ever meets: connecting,
 * bytes not moving, and waiting for the answer once all bytes have left. Redirects are not followed: credentials
 * never go to a host that the caller did not name.
 */
import type { Dispatcher as UndiciDispatcher } from 'undici/index.js'
import { unlessAborted } from '../shared/unless-aborted.js'
import type { BandwidthLimiter } from './bandwidth-limiter.js'
import { bodySlices, sendable, TAKEN_UNSEEN } from './body-slices.js'
import { type BodySlices, Exchange } from './exchange.js'
import { cancelled, HttpFailure, toHttpFailure } from './http-failure.js'
import {
  type BeginBody,
  type HttpAnswer,
  type HttpRequest,
  type HttpStreamAnswer,
  joinHeaders,
  type RequestBody,
} from './http-message.js'
import { LineSpeed } from './line-speed.js'
import { OwnAgent } from './own-agent.js'
import type { Proxy } from './proxy.js'
import { pacedSlices } from './paced-slices.js'
import { loadUndici } from './undici.js'

/** What is used of a Dispatcher of undici 6, 7 or 8: their types differ, these verbs do not. */
export interface Dispatcher {
  /** Sends a request and tells the handler what becomes of it. */
  dispatch(options: object, handler: object): boolean
  /** Sends a request and resolves with its answer. */
  request(options: object): Promise<{ statusCode: number; headers: object; body: object }>
}

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

export interface TransportParts {
  /** Stays the caller's: it is used, never closed, and knows its way without `proxy`. */
  dispatcher?: Dispatcher | undefined
  proxy?: Proxy | undefined
  limiter?: BandwidthLimiter | undefined
  /** Of the bodies that come. */
  downloadLimiter?: BandwidthLimiter | undefined
}

export class Transport {
  readonly #timeouts: TimeoutOptions
  readonly #proxy: Proxy | undefined
  readonly #limiter: BandwidthLimiter | undefined
  readonly #downloadLimiter: BandwidthLimiter | undefined
  /** An agent of our own, made for the first request, or what the caller gave. */
  #connections: OwnAgent | { dispatcher: UndiciDispatcher } | undefined
  /** Of dispatchers that were replaced and still end their requests. */
  readonly #retiring = new Set<Promise<void>>()
  #connecting: Promise<OwnAgent> | undefined
  /** Connections to open as soon as the client is loaded. */
  #wanted: { origin: string; count: number } | undefined
  #closing: Promise<void> | undefined
  readonly #speed = new LineSpeed()

  constructor(timeouts: TimeoutOptions, { dispatcher, proxy, limiter, downloadLimiter }: TransportParts = {}) {
    this.#timeouts = timeouts
    this.#proxy = proxy
    this.#limiter = limiter
    this.#downloadLimiter = downloadLimiter
    if (dispatcher !== undefined) this.#connections = { dispatcher: dispatcher as unknown as UndiciDispatcher }
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /** The whole answer as text. Throws HttpFailure. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const exchange = new Exchange(request)
    const { stallMs } = this.#timeouts
    const bodyTimeout = Math.max(stallMs, request.gapMs ?? 0)
    const answerMs = (request.answerMs ?? this.#timeouts.answerMs) + (request.pacedMs ?? 0)
    const { body, onSent } = request
    if (body !== undefined && (body.size > TAKEN_UNSEEN || body.segments.length > 1 || this.#limiter !== undefined)) {
      const watched = this.#watched(body, request, answerMs, exchange)
      const begunAt = performance.now()
      const answered = await this.#through((dispatcher) =>
        exchange.send(dispatcher, { body: watched, bodyTimeout, restMs: answerMs }),
      )
      // What is slow on purpose says nothing of the line.
      const isPaced = this.#limiter !== undefined || (request.pacedMs ?? 0) > 0
      if (!isPaced) this.#speed.measured(body.size, performance.now() - begunAt)
      return answered
    }
    const bytes = body?.segments[0]
    const options = {
      body: bytes === undefined ? null : sendable(bytes),
      bodyTimeout,
      answerMs,
      restMs: answerMs,
    }
    const answer = await this.#through((dispatcher) => exchange.send(dispatcher, options))
    if (body !== undefined && body.size > 0) onSent?.(body.size)
    return answer
  }

  /**
   * Sends a request without a body. The body of the response goes to what `begin` returns, which ends where it lies;
   * one that `begin` leaves is the text of the answer. Throws HttpFailure.
   */
  async receive(request: HttpRequest, begin: BeginBody): Promise<HttpAnswer> {
    const exchange = new Exchange(request)
    const { stallMs } = this.#timeouts
    const answerMs = request.answerMs ?? this.#timeouts.answerMs
    const options = {
      body: null,
      bodyTimeout: stallMs,
      answerMs,
      restMs: answerMs,
      begin,
      limiter: this.#downloadLimiter,
    }
    return this.#through((dispatcher) => exchange.send(dispatcher, options))
  }

  /**
   * The answer to a request without a body, its own body still to be read: whoever gets it must read or destroy it. The
   * signal ends with the headers. Throws HttpFailure.
   */
  async open({ origin, path, method, headers, signal, answerMs: ownMs }: HttpRequest): Promise<HttpStreamAnswer> {
    if (signal?.aborted === true) throw cancelled(signal.reason, false)
    const controller = new AbortController()
    const answerMs = ownMs ?? this.#timeouts.answerMs
    // The client's own limit begins again with each answer below 200.
    let limit: NodeJS.Timeout | undefined
    const onInfo = (): void => {
      limit ??= setTimeout(() => {
        controller.abort(new HttpFailure('timeout', `no answer came within ${answerMs} ms`, true))
      }, answerMs)
    }
    const answered = this.#through((dispatcher) =>
      dispatcher.request({
        origin,
        path,
        method,
        headers,
        signal: controller.signal,
        headersTimeout: answerMs,
        bodyTimeout: this.#timeouts.stallMs,
        onInfo,
      }),
    ).finally(() => clearTimeout(limit))
    // The client ends a request that waits for its connection no sooner than when that is there.
    const answer = await unlessAborted(answered, signal, (reason) => {
      const failure = cancelled(reason, true)
      controller.abort(failure)
      return failure
    })
    return { status: answer.statusCode, headers: joinHeaders(answer.headers), body: answer.body }
  }

  /** Opens connections until `count` are there that no request uses. What fails is left to the requests to find out. */
  prepare(origin: string, count: number): void {
    if (this.#connections === undefined) {
      this.#wanted = { origin, count }
      this.#connect().catch(() => undefined)
    } else if (this.#connections instanceof OwnAgent && !this.isClosed) this.#connections.prepare(origin, count)
  }

  /** Ends idle connections; requests in flight end first. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    // A request that loads the client right now ends first, as any other in flight.
    await this.#connecting?.catch(() => undefined)
    const own = this.#connections instanceof OwnAgent ? this.#connections : undefined
    await Promise.all([own?.close(), ...this.#retiring])
  }

  async #connect(): Promise<{ dispatcher: UndiciDispatcher }> {
    this.#connecting ??= loadUndici().then((undici) => {
      const agent = new OwnAgent(undici, this.#timeouts.connectMs, this.#proxy)
      // Before any request that waits for the client: the first one takes a connection that is opened here.
      if (this.#wanted !== undefined && !this.isClosed) agent.prepare(this.#wanted.origin, this.#wanted.count)
      return (this.#connections = agent)
    })
    return this.#connecting
  }

  async #through<T>(send: (dispatcher: UndiciDispatcher) => Promise<T>): Promise<T> {
    const { dispatcher } = this.#connections ?? (await this.#connect())
    try {
      return await send(dispatcher)
    } catch (error) {
      const failure = toHttpFailure(error)
      if (failure.kind !== 'cancelled') this.#speed.forget()
      if (failure.kind === 'network' && failure.mayHaveArrived) this.#renew(dispatcher)
      throw failure
    }
  }

  /** The body in slices, by which the limits follow what moves. */
  #watched(
    { segments }: RequestBody,
    { onSent, pacedMs = 0 }: HttpRequest,
    answerMs: number,
    exchange: Exchange,
  ): BodySlices {
    const { stallMs: givenMs } = this.#timeouts
    const speed = this.#speed
    let begunAt: number | undefined
    const watcher = {
      onMoved(bytes: number) {
        begunAt ??= performance.now()
        const stallMs = speed.limit(givenMs) + pacedMs
        exchange.expect(stallMs, `no byte of the request moved for ${stallMs} ms`)
        if (bytes > 0) onSent?.(bytes)
      },
      onAllMoved() {
        // A slow connection has yet to carry what the operating system holds: no more than went out until now.
        exchange.expectAnswer(Math.ceil(speed.limit(answerMs) + performance.now() - (begunAt ?? 0)))
      },
      onHeld() {
        exchange.expectNothing()
      },
    }
    return this.#limiter === undefined
      ? bodySlices(segments, watcher, speed.largestView(givenMs + pacedMs), () => performance.now())
      : pacedSlices(segments, watcher, this.#limiter, exchange.ended)
  }

  /** A broken connection may have idle siblings that broke as well: the next attempt gets a new one. */
  #renew(used: UndiciDispatcher): void {
    const broken = this.#connections
    if (!(broken instanceof OwnAgent) || this.isClosed || used !== broken.dispatcher) return
    this.#connections = broken.renewed()
    const retiring = broken.close().finally(() => this.#retiring.delete(retiring))
    this.#retiring.add(retiring)
  }
}
