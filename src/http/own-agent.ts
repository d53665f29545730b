import type { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici/index.js'
import { KiB } from '../shared/byte-size.js'
import { PreparedConnections } from './prepared-connections.js'
import { type Proxy, proxyAgent } from './proxy.js'
import type { Undici } from './undici.js'

/** Idle connections are closed before most servers do, which would cost a request. */
const IDLE_MS = 10_000

const SETTINGS = { keepAliveTimeout: IDLE_MS, maxHeaderSize: 64 * KiB }

/** The way there: straight, with connections that can be opened in advance, or through a proxy. */
type Way = { agent: Agent; prepared: PreparedConnections } | { agent: EnvHttpProxyAgent; prepared?: undefined }

/** An agent of undici. */
export class OwnAgent {
  readonly #way: Way
  readonly #renew: () => OwnAgent

  constructor(undici: Undici, connectMs: number, proxy?: Proxy) {
    this.#renew = () => new OwnAgent(undici, connectMs, proxy)
    if (proxy !== undefined) {
      this.#way = { agent: proxyAgent(undici, proxy, connectMs, { ...SETTINGS, connect: { timeout: connectMs } }) }
      return
    }
    const prepared = new PreparedConnections(undici.buildConnector({ timeout: connectMs }), IDLE_MS)
    this.#way = { agent: new undici.Agent({ ...SETTINGS, connect: prepared.connect }), prepared }
  }

  get dispatcher(): Dispatcher {
    return this.#way.agent
  }

  /** Opens as many connections as are missing to `count` that no request uses; none where a proxy makes them. */
  prepare(origin: string, count: number): void {
    if (this.#way.prepared === undefined) return
    const stats = this.#way.agent.stats[new URL(origin).origin]
    const free = stats !== undefined && 'free' in stats ? stats.free : 0
    this.#way.prepared.open(origin, count - free)
  }

  /** Returns an agent of the same settings without a connection. */
  renewed(): OwnAgent {
    return this.#renew()
  }

  /** Ends idle connections; requests in flight end first. */
  async close(): Promise<void> {
    this.#way.prepared?.close()
    await this.#way.agent.close()
  }
}
