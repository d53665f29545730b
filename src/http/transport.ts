/**
 * Sends requests over HTTP/1.1 with three time limits, none of which applies to a slow request that makes progress:
 * connecting, no bytes moving, and waiting for the response once all bytes have left. Redirects are not followed, so
 * credentials never go to a host that the caller did not name.
 */
import type { Dispatcher as UndiciDispatcher } from 'undici/index.js'
import { unlessAborted } from '../shared/unless-aborted.js'
import type { BandwidthLimiter } from './bandwidth-limiter.js'
import { bodySlices, sendable, TAKEN_UNSEEN } from './body/body-slices.js'
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
import { OpenBodies } from './body/open-bodies.js'
import { OwnAgent } from './own-agent.js'
import { SendingBody, StalledBodies } from './body/stalled-bodies.js'
import type { Proxy } from './proxy.js'
import { pacedSlices } from './body/paced-slices.js'
import { loadUndici } from './undici.js'

/** The methods used of a Dispatcher of undici 6, 7 or 8. The types of these versions differ, these methods do not. */
export interface Dispatcher {
  /** Sends a request and calls the handler with its events. */
  dispatch(options: object, handler: object): boolean
  /** Sends a request and resolves with its response. */
  request(options: object): Promise<{ statusCode: number; headers: object; body: object }>
}

/** Time limits for the steps of a request. There is none for the whole request. */
export interface TimeoutOptions {
  /** Time to connect, including TLS. Not applied if you set a `dispatcher`, which has its own limits. Default 10,000 ms. */
  connectMs: number
  /**
   * Time from the last byte passed to the operating system to the first byte of the response, plus the time that sending
   * took, as the system may hold bytes that long. Completing an upload may take five times as long. Default 60,000 ms.
   */
  answerMs: number
  /** Time without any byte moving in a body that is being sent or received. Default 30,000 ms. */
  stallMs: number
}

export const DEFAULT_TIMEOUTS: TimeoutOptions = { connectMs: 10_000, answerMs: 60_000, stallMs: 30_000 }

export interface TransportParts {
  /** Owned by the caller: it is never closed here, and `proxy` does not apply to it. */
  dispatcher?: Dispatcher | undefined
  proxy?: Proxy | undefined
  limiter?: BandwidthLimiter | undefined
  /** Limits the bandwidth of response bodies. */
  downloadLimiter?: BandwidthLimiter | undefined
}

export class Transport {
  readonly #timeouts: TimeoutOptions
  readonly #proxy: Proxy | undefined
  readonly #limiter: BandwidthLimiter | undefined
  readonly #downloadLimiter: BandwidthLimiter | undefined
  /** Our own agent, created with the first request, or the dispatcher of the caller. */
  #connections: OwnAgent | { dispatcher: UndiciDispatcher } | undefined
  /** Dispatchers that were replaced and still have requests in flight. */
  readonly #retiring = new Set<Promise<void>>()
  #connecting: Promise<OwnAgent> | undefined
  /** Connections to open once the client is loaded. */
  #wanted: { origin: string; count: number } | undefined
  #closing: Promise<void> | undefined
  /** Requests that wait for their response. */
  #unanswered = 0
  readonly #speed = new LineSpeed()
  readonly #stalled: StalledBodies
  readonly #openBodies: OpenBodies

  constructor(timeouts: TimeoutOptions, { dispatcher, proxy, limiter, downloadLimiter }: TransportParts = {}) {
    this.#timeouts = timeouts
    this.#stalled = new StalledBodies(timeouts.stallMs)
    this.#openBodies = new OpenBodies(timeouts.stallMs)
    this.#proxy = proxy
    this.#limiter = limiter
    this.#downloadLimiter = downloadLimiter
    if (dispatcher !== undefined) this.#connections = { dispatcher: dispatcher as unknown as UndiciDispatcher }
  }

  get isClosed(): boolean {
    return this.#closing !== undefined
  }

  /** Sends a request. Resolves with the response, its body as text. Throws HttpFailure. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const exchange = new Exchange(request)
    const { stallMs } = this.#timeouts
    const bodyTimeout = Math.max(stallMs, request.gapMs ?? 0)
    const answerMs = (request.answerMs ?? this.#timeouts.answerMs) + (request.pacedMs ?? 0)
    const { body, onSent } = request
    if (body !== undefined && (body.size > TAKEN_UNSEEN || body.segments.length > 1 || this.#limiter !== undefined)) {
      return this.#sendWatched(request, body, exchange, { bodyTimeout, answerMs })
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
   * Sends a request without a body. The body of the response goes to the sink that `begin` returns, or is read as text if
   * it returns none. Throws HttpFailure.
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
   * Sends a request without a body. Resolves with the response once its headers are received; the caller must read or
   * destroy its body. The signal applies until then. Throws HttpFailure.
   */
  async open({ origin, path, method, headers, signal, answerMs: ownMs }: HttpRequest): Promise<HttpStreamAnswer> {
    if (signal?.aborted === true) throw cancelled(signal.reason, false)
    const controller = new AbortController()
    const answerMs = ownMs ?? this.#timeouts.answerMs
    // The limit of the client restarts with each informational (1xx) response.
    let limit: NodeJS.Timeout | undefined
    const onInfo = (): void => {
      limit ??= setTimeout(() => {
        controller.abort(new HttpFailure('timeout', `no response came within ${answerMs} ms`, true))
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
    // The client does not end a request that waits for its connection before the connection opens.
    const answer = await unlessAborted(answered, signal, (reason) => {
      const failure = cancelled(reason, true)
      controller.abort(failure)
      return failure
    })
    this.#openBodies.add(answer.body)
    return { status: answer.statusCode, headers: joinHeaders(answer.headers), body: answer.body }
  }

  /** Opens connections until `count` of them are idle. Failures are ignored: the requests will meet them. */
  prepare(origin: string, count: number): void {
    if (this.#connections === undefined) {
      this.#wanted = { origin, count }
      this.#connect().catch(() => undefined)
    } else if (this.#connections instanceof OwnAgent && !this.isClosed) this.#connections.prepare(origin, count)
  }

  /** Closes all connections, once requests in flight have settled. A body that is not read is destroyed after `stallMs`. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeAll()
    return this.#closing
  }

  async #closeAll(): Promise<void> {
    // A request that is loading the client is in flight as well.
    await this.#connecting?.catch(() => undefined)
    const own = this.#connections instanceof OwnAgent ? this.#connections : undefined
    this.#openBodies.endUnread()
    await Promise.all([own?.close(), ...this.#retiring])
  }

  async #connect(): Promise<{ dispatcher: UndiciDispatcher }> {
    this.#connecting ??= loadUndici().then((undici) => {
      const agent = new OwnAgent(undici, this.#timeouts.connectMs, () => this.#unanswered > 0, this.#proxy)
      // Before any request that waits for the client, so that the first one uses a connection opened here.
      if (this.#wanted !== undefined && !this.isClosed) agent.prepare(this.#wanted.origin, this.#wanted.count)
      return (this.#connections = agent)
    })
    return this.#connecting
  }

  async #through<T>(send: (dispatcher: UndiciDispatcher) => Promise<T>): Promise<T> {
    const { dispatcher } = this.#connections ?? (await this.#connect())
    this.#unanswered += 1
    try {
      return await send(dispatcher)
    } catch (error) {
      const failure = toHttpFailure(error)
      if (failure.kind !== 'cancelled') this.#speed.forget()
      if (['network', 'timeout'].includes(failure.kind) && failure.mayHaveArrived) this.#renew(dispatcher)
      throw failure
    } finally {
      this.#unanswered -= 1
    }
  }

  /** Sends a body in slices, so that its progress can be observed. */
  async #sendWatched(
    request: HttpRequest,
    body: RequestBody,
    exchange: Exchange,
    { bodyTimeout, answerMs }: { bodyTimeout: number; answerMs: number },
  ): Promise<HttpAnswer> {
    // A deliberately slow request says nothing about the speed of the line.
    const isPaced = this.#limiter !== undefined || (request.pacedMs ?? 0) > 0
    const sending = new SendingBody((reason) => exchange.failEarly(reason))
    const watched = this.#watched(body, request, answerMs, exchange, sending)
    const begunAt = performance.now()
    if (!isPaced) this.#stalled.add(sending)
    try {
      const response = await this.#through((dispatcher) =>
        exchange.send(dispatcher, { body: watched, bodyTimeout, restMs: answerMs }),
      )
      if (!isPaced) {
        this.#speed.measured(body.size, performance.now() - begunAt)
        this.#stalled.answered(sending)
      }
      return response
    } finally {
      this.#stalled.delete(sending)
    }
  }

  /** Returns the body in slices, which restart the time limits as they move. */
  #watched(
    { segments }: RequestBody,
    { onSent, pacedMs = 0 }: HttpRequest,
    answerMs: number,
    exchange: Exchange,
    sending: SendingBody,
  ): BodySlices {
    const { stallMs: givenMs } = this.#timeouts
    const speed = this.#speed
    let begunAt: number | undefined
    const watcher = {
      onMoved(bytes: number) {
        begunAt ??= performance.now()
        const stallMs = speed.limit(givenMs) + pacedMs
        sending.moved(stallMs, stallMs === givenMs)
        exchange.expect(stallMs, `no byte of the request moved for ${stallMs} ms`)
        if (bytes > 0) onSent?.(bytes)
      },
      onAllMoved() {
        sending.left()
        // The operating system may still hold bytes of a slow connection: no more than have left until now.
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

  /**
   * Replaces the agent after a broken or stalled connection: other idle ones may be broken too, and the next attempt
   * needs a new one.
   */
  #renew(used: UndiciDispatcher): void {
    const broken = this.#connections
    if (!(broken instanceof OwnAgent) || this.isClosed || used !== broken.dispatcher) return
    this.#connections = broken.renewed()
    const retiring = broken.close().finally(() => this.#retiring.delete(retiring))
    this.#retiring.add(retiring)
  }
}
