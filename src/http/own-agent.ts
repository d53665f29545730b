import type { Agent, Dispatcher, EnvHttpProxyAgent } from 'undici/index.js'
import { KiB } from '../shared/byte-size.js'
import { PreparedConnections } from './prepared-connections.js'
import { type Proxy, proxyAgent } from './proxy.js'
import type { Undici } from './undici.js'

/** Idle connections are closed earlier than by most servers: a request on a connection that the server just closed fails. */
const IDLE_MS = 10_000

const SETTINGS = { keepAliveTimeout: IDLE_MS, maxHeaderSize: 64 * KiB }

/** Direct, with connections that can be opened in advance, or through a proxy. */
type Route = { agent: Agent; prepared: PreparedConnections } | { agent: EnvHttpProxyAgent; prepared?: undefined }

/** An agent of undici. */
export class OwnAgent {
  readonly #route: Route
  readonly #renew: () => OwnAgent

  /** `isNeeded` returns whether any request waits for a response. */
  constructor(undici: Undici, connectMs: number, isNeeded: () => boolean, proxy?: Proxy) {
    this.#renew = () => new OwnAgent(undici, connectMs, isNeeded, proxy)
    if (proxy !== undefined) {
      this.#route = { agent: proxyAgent(undici, proxy, connectMs, { ...SETTINGS, connect: { timeout: connectMs } }) }
      return
    }
    const prepared = new PreparedConnections(undici.buildConnector({ timeout: connectMs }), IDLE_MS)
    const connect: PreparedConnections['connect'] = (options, callback) => {
      // After a response was not read, the client connects again for the finished request.
      if (isNeeded()) prepared.connect(options, callback)
      // The callback must be called asynchronously, as by any connector.
      else queueMicrotask(() => callback(new Error('no request waits for this connection'), null))
    }
    this.#route = { agent: new undici.Agent({ ...SETTINGS, connect }), prepared }
  }

  get dispatcher(): Dispatcher {
    return this.#route.agent
  }

  /** Opens connections until `count` of them are idle; does nothing if a proxy is used. */
  prepare(origin: string, count: number): void {
    if (this.#route.prepared === undefined) return
    const stats = this.#route.agent.stats[new URL(origin).origin]
    const free = stats !== undefined && 'free' in stats ? stats.free : 0
    this.#route.prepared.open(origin, count - free)
  }

  /** Returns an agent with the same settings and no connections. */
  renewed(): OwnAgent {
    return this.#renew()
  }

  /** Closes all connections, once requests in flight have settled. */
  async close(): Promise<void> {
    this.#route.prepared?.close()
    await this.#route.agent.close()
  }
}
