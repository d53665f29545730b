import { Agent, type Dispatcher } from 'undici'
import { KiB } from '../shared/byte-size.js'
import { PreparedConnections } from './prepared-connections.js'

/** Idle connections are closed before most servers do, which would cost a request. */
const IDLE_MS = 10_000

/** An agent of undici whose connections can be opened in advance. */
export class OwnAgent {
  readonly #prepared: PreparedConnections
  readonly #agent: Agent

  constructor(connectMs: number) {
    this.#prepared = new PreparedConnections(connectMs, IDLE_MS)
    this.#agent = new Agent({ connect: this.#prepared.connect, keepAliveTimeout: IDLE_MS, maxHeaderSize: 64 * KiB })
  }

  get dispatcher(): Dispatcher {
    return this.#agent
  }

  /** Opens as many connections as are missing to `count` that no request uses. */
  prepare(origin: string, count: number): void {
    const stats = this.#agent.stats[new URL(origin).origin]
    const free = stats !== undefined && 'free' in stats ? stats.free : 0
    this.#prepared.open(origin, count - free)
  }

  /** Ends idle connections; requests in flight end first. */
  async close(): Promise<void> {
    this.#prepared.close()
    await this.#agent.close()
  }
}
