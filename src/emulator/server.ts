/** The HTTP server: connections, disconnecting clients, and closing. No request can crash it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { answerRequest, type Exchange } from './exchange.js'
import type { Service } from './service.js'

const MAX_HEADER_BYTES = 64 * 1024
const HEADERS_TIMEOUT_MS = 60_000
const KEEP_ALIVE_MS = 60_000

export class EmulatorServer {
  readonly #service: Service
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #lastExchange = new WeakMap<Socket, Exchange>()
  readonly #exchanges = new Set<Promise<void>>()
  /** Connections with a request in progress. */
  readonly #busy = new Set<Socket>()

  constructor(service: Service) {
    this.#service = service
    this.#server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // A request may take any time while its bytes move; `bodyIdleMs` ends a stalled body.
      requestTimeout: 0,
    })
    this.#server.on('connection', (socket: Socket) => this.#track(socket))
    this.#server.on('request', (request, response) => this.#serve(request, response, false))
    this.#server.on('checkContinue', (request, response) => this.#serve(request, response, true))
    this.#server.on('clientError', (_error, socket: Socket) => this.#refuse(socket))
  }

  get openConnections(): number {
    return this.#sockets.size
  }

  /** The port it listens on. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    return (this.#server.address() as AddressInfo).port
  }

  /** Resolves when all connections are closed and all requests have settled. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
    await Promise.all(this.#exchanges)
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // A connection that the client resets is not an error of the server.
    socket.on('error', () => undefined)
  }

  /** Handles input that is not HTTP. Nothing may be written into a response that has started. */
  #refuse(socket: Socket): void {
    if (this.#busy.has(socket) || !socket.writable) socket.destroy()
    else socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  }

  #serve(request: IncomingMessage, response: ServerResponse, awaitsContinue: boolean): void {
    const { socket } = request
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    if (this.#lastExchange.get(socket)?.condemnsConnection === true) {
      socket.resetAndDestroy()
      return
    }
    const gone = new AbortController()
    const onClose = () => gone.abort()
    socket.once('close', onClose)
    this.#busy.add(socket)
    const exchange: Exchange = {
      request,
      response,
      awaitsContinue,
      signal: gone.signal,
      endings: [],
      condemnsConnection: false,
    }
    this.#lastExchange.set(socket, exchange)
    const served = answerRequest(exchange, this.#service).then(() => {
      socket.off('close', onClose)
      this.#busy.delete(socket)
    })
    this.#exchanges.add(served)
    void served.finally(() => this.#exchanges.delete(served))
  }
}
