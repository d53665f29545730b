/** A TCP server between the library and the service, on whose connections a plan's troubles happen. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../../support/until.js'
import type { Said, Trouble } from './socket-plan.js'

/** The most that is kept of what the library sent on a connection. */
const KEPT = 4096

export class BrokenLine {
  readonly port: number
  readonly #server: Server
  readonly #target: number
  readonly #troubles: readonly (Trouble | undefined)[]
  readonly #links = new Set<Link>()
  readonly #heads: string[] = []
  #connections = 0

  private constructor(server: Server, target: number, troubles: readonly (Trouble | undefined)[]) {
    this.#server = server
    this.#target = target
    this.#troubles = troubles
    this.port = (server.address() as AddressInfo).port
    server.on('connection', (client) => this.#join(client))
  }

  static async to(target: number, troubles: readonly (Trouble | undefined)[]): Promise<BrokenLine> {
    const server = createServer({ allowHalfOpen: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new BrokenLine(server, target, troubles)
  }

  /** The signatures that the library sent. */
  get signatures(): string[] {
    const found = this.#heads.flatMap((head) => [
      ...head.matchAll(/Signature=([^,\s&]+)/g),
      ...head.matchAll(/authorization: (?:OSS|OBS|AWS) [^:\s]+:(\S+)/gi),
    ])
    return [...new Set(found.map(([, signature = '']) => signature))].filter((signature) => signature !== '')
  }

  /** Resolves when the library has ended all its connections. */
  async abandoned(): Promise<void> {
    for (const link of this.#links) link.heed()
    await until(() => [...this.#links].every(({ isLeft }) => isLeft))
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.end()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    const trouble = this.#troubles[this.#connections]
    this.#connections += 1
    const server = connect({ port: this.#target, host: '127.0.0.1', allowHalfOpen: true })
    const link = new Link(client, server, trouble, (head) => this.#heads.push(head))
    this.#links.add(link)
  }
}

/** One connection. */
class Link {
  /** Whether the library has ended it. */
  isLeft = false
  readonly #client: Socket
  readonly #server: Socket
  readonly #trouble: Trouble | undefined
  readonly #onHead: (head: string) => void
  #hasHappened = false
  #isHeeded = false
  #isOver = false
  #sent = Buffer.alloc(0)
  readonly #passed = { up: 0, down: 0 }
  /** Bytes of a direction are passed on one after the other. */
  readonly #queues = { up: Promise.resolve(), down: Promise.resolve() }

  constructor(client: Socket, server: Socket, trouble: Trouble | undefined, onHead: (head: string) => void) {
    this.#client = client
    this.#server = server
    this.#trouble = trouble
    this.#onHead = onHead
    const left = (): void => {
      this.isLeft = true
      this.#server.destroy()
    }
    client.on('data', (chunk: Buffer) => this.#take('up', chunk))
    server.on('data', (chunk: Buffer) => this.#take('down', chunk))
    client.on('error', left).on('close', left)
    client.on('end', () => {
      this.isLeft = true
      if (this.#isHeeded) this.end()
      else this.#after('up', () => server.end())
    })
    server.on('error', () => client.destroy())
    server.on('end', () => this.#after('down', () => client.end()))
    server.on('close', () => this.#after('down', () => client.end()))
  }

  /** Passes nothing on any more, and sees how the library ends it. */
  heed(): void {
    this.#isHeeded = true
    this.#client.resume()
    if (this.isLeft) this.end()
  }

  end(): void {
    this.#isOver = true
    this.#client.destroy()
    this.#server.destroy()
  }

  #after(direction: 'up' | 'down', task: () => unknown): void {
    this.#queues[direction] = this.#queues[direction].then(async () => {
      await task()
    })
  }

  #take(direction: 'up' | 'down', chunk: Buffer): void {
    if (direction === 'up') {
      if (this.#sent.length < KEPT) this.#sent = Buffer.concat([this.#sent, chunk])
      if (chunk.includes('uthorization:')) this.#onHead(chunk.toString('latin1'))
    }
    if (this.#isHeeded) return
    this.#after(direction, () => this.#pass(direction, chunk))
  }

  async #pass(direction: 'up' | 'down', chunk: Buffer): Promise<void> {
    const before = this.#passed[direction]
    this.#passed[direction] += chunk.length
    const trouble = this.#trouble
    const isDue = !this.#hasHappened && trouble?.direction === direction && trouble.after < this.#passed[direction]
    if (!isDue) {
      await this.#write(direction, chunk)
      return
    }
    this.#hasHappened = true
    const at = Math.max(0, trouble.after - before)
    await this.#write(direction, chunk.subarray(0, at))
    await this.#happen(trouble, chunk, at)
  }

  async #happen({ direction, kind }: Trouble, chunk: Buffer, at: number): Promise<void> {
    const rest = chunk.subarray(at)
    switch (kind.name) {
      case 'cut':
        this.end()
        return
      case 'reset':
        this.#client.resetAndDestroy()
        this.end()
        return
      case 'half-close':
        this.#client.end()
        return this.#write('up', direction === 'up' ? rest : Buffer.alloc(0))
      case 'silence':
        // Nothing moves in this direction from now on.
        return new Promise(() => undefined)
      case 'delay':
        await sleep(kind.ms)
        return this.#write(direction, rest)
      case 'drip':
        return this.#drip(direction, rest, kind.bytes, kind.ms)
      case 'repeat':
        await this.#write(direction, chunk.subarray(Math.max(0, at - kind.bytes), at))
        return this.#write(direction, rest)
      case 'drop':
        return this.#write(direction, rest.subarray(kind.bytes))
      case 'say':
        await this.#say(kind.what)
        if (kind.ends) this.#client.end()
        return direction === 'up' ? this.#write('up', rest) : undefined
    }
  }

  async #drip(direction: 'up' | 'down', rest: Buffer, bytes: number, ms: number): Promise<void> {
    for (let i = 0; i < Math.min(bytes, rest.length) && !this.#isOver; i += 1) {
      await this.#write(direction, rest.subarray(i, i + 1))
      await sleep(ms)
    }
    await this.#write(direction, rest.subarray(bytes))
  }

  async #say(what: Said): Promise<void> {
    const interim = /^endless (\d+)$/.exec(what)?.[1]
    if (interim === undefined && what !== 'headers without end') {
      await this.#write('down', wordsOf(what, this.#sent))
      return
    }
    if (interim === undefined) await this.#write('down', Buffer.from('HTTP/1.1 200 OK\r\n'))
    // Many at a time: in the middle of a body they are bytes of it, which may come slowly.
    const line = interim === undefined ? `x-a: ${'b'.repeat(50)}\r\n` : `HTTP/1.1 ${interim} On\r\n\r\n`
    const words = Buffer.from(line.repeat(100))
    while (!this.#isOver && !this.isLeft && !this.#client.destroyed) {
      await this.#write('down', words)
      await sleep(5)
    }
  }

  async #write(direction: 'up' | 'down', bytes: Buffer): Promise<void> {
    const socket = direction === 'up' ? this.#server : this.#client
    if (bytes.length === 0 || !socket.writable) return
    if (socket.write(bytes)) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done)
        resolve()
      }
      socket.on('drain', done).on('close', done)
    })
  }
}

function wordsOf(what: Said, sent: Buffer): Buffer {
  const answer = (head: string, body: Buffer | string = ''): Buffer =>
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`),
      Buffer.from(body),
    ])
  switch (what) {
    case 'an echo':
      return sent
    case 'no HTTP':
      return Buffer.from([0, 1, 2, 0xff, 0x0d, 0x0a, 0x0d, 0x0a])
    case 'a greeting of another protocol':
      return Buffer.from('220 mail.example.com ESMTP\r\n')
    case 'unasked 100':
      return Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')
    case '503':
      return answer('503 Service Unavailable', '<Error><Code>SlowDown</Code><Message>slow</Message></Error>')
    case '403 with the request in it':
      return answer('403 Forbidden', Buffer.concat([Buffer.from('<Error><Code>No</Code><Message>'), sent]))
    case '413':
      return answer('413 Payload Too Large')
    case 'a redirect':
      return answer('307 Temporary Redirect\r\nlocation: http://127.0.0.2:9/')
    default:
      return answer('200 OK')
  }
}
