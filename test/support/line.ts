/** A line between a client and a server that can break in the ways lines do. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** How often a slow line carries some. */
const TICK_MS = 20

export class Line {
  readonly port: number
  readonly #server: Server
  readonly #target: number
  readonly #host: string
  readonly #sockets = new Set<Socket>()
  #isSilent = false
  #pace: NodeJS.Timeout | undefined
  /** Clients with their servers, of connections that are slow. */
  readonly #slow = new Map<Socket, Socket>()

  private constructor(server: Server, target: number, host: string) {
    this.#server = server
    this.#target = target
    this.#host = host
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => this.#join(client))
  }

  /** A line to the port of this machine, gone when the test ends; `host` is the address of its near end. */
  static async to(t: Pick<TestContext, 'after'>, target: number, host = '127.0.0.1'): Promise<Line> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, host, resolve))
    const line = new Line(server, target, host)
    t.after(() => line.#end())
    return line
  }

  /** Ends all connections with a reset, and refuses others. */
  refuse(): void {
    this.#server.close()
    this.reset()
  }

  /** Ends all connections with a reset. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** Moves nothing any more in either direction; new connections are taken and left alone. */
  silence(): void {
    this.#isSilent = true
    for (const socket of this.#sockets) socket.pause()
  }

  /** Carries so many bytes per second to the server, on all connections from now on together. */
  slow(bytesPerSecond: number): void {
    this.#pace = setInterval(() => {
      const share = Math.ceil((bytesPerSecond * TICK_MS) / 1000 / this.#slow.size)
      for (const [client, server] of this.#slow) {
        const chunk = client.read(Math.min(share, client.readableLength)) as Buffer | null
        if (chunk !== null) server.write(chunk)
      }
    }, TICK_MS)
  }

  /** Works again. What was silenced stays so: its client has to find out. */
  async restore(): Promise<void> {
    this.#isSilent = false
    if (!this.#server.listening) {
      await new Promise<void>((resolve) => this.#server.listen(this.port, this.#host, resolve))
    }
  }

  #join(client: Socket): void {
    this.#keep(client)
    if (this.#isSilent) return
    const server = connect(this.#target, '127.0.0.1')
    this.#keep(server)
    if (this.#pace === undefined) client.on('data', (chunk) => server.write(chunk) || client.pause())
    else this.#carrySlowly(client, server)
    server.on('data', (chunk) => client.write(chunk) || server.pause())
    server.on('drain', () => this.#isSilent || client.resume())
    client.on('drain', () => this.#isSilent || server.resume())
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }

  /** What may not be carried yet stays in the client's socket. */
  #carrySlowly(client: Socket, server: Socket): void {
    client.on('readable', () => undefined)
    this.#slow.set(client, server)
    client.on('close', () => this.#slow.delete(client))
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))
  }

  async #end(): Promise<void> {
    clearInterval(this.#pace)
    for (const socket of this.#sockets) socket.destroy()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }
}
