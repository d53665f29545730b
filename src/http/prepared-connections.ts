/**
 * Connections that are opened in advance, so that the round trips of TCP and TLS overlap with other waiting. A request
 * uses one of them, or a new one. An unused connection is closed after a while, and does not keep the process alive.
 */
import type { Socket } from 'node:net'
import type { buildConnector } from 'undici/index.js'

type Connector = buildConnector.connector
type Callback = buildConnector.Callback

/** A connection that is open or being opened. Open ones are handed out first. */
interface Prepared {
  host: string
  protocol: string
  /** Set once it is open. */
  ready: { socket: Socket; release: () => void } | undefined
  /** Gets the connection as soon as it is open. */
  callback: Callback | undefined
}

export class PreparedConnections {
  readonly connect: Connector
  readonly #connect: Connector
  readonly #idleMs: number
  readonly #unclaimed = new Set<Prepared>()
  #isClosed = false

  constructor(connect: Connector, idleMs: number) {
    this.#connect = connect
    this.#idleMs = idleMs
    this.connect = (options, callback) => {
      const prepared = this.#claim(options)
      if (prepared === undefined) this.#connect(options, callback)
      else if (prepared.ready === undefined) prepared.callback = callback
      else {
        const { socket, release } = prepared.ready
        release()
        // The callback must be called asynchronously, as by any connector.
        queueMicrotask(() => callback(null, socket))
      }
    }
  }

  /** Opens connections until `count` are unclaimed. Failures are ignored: a request will meet them. */
  open(origin: string, count: number): void {
    const { protocol, host, hostname, port } = new URL(origin)
    const there = [...this.#unclaimed].filter((prepared) => isFor(prepared, { protocol, host })).length
    for (let missing = count - there; missing > 0; missing -= 1)
      this.#open({ protocol, host, hostname: bare(hostname), port })
  }

  close(): void {
    this.#isClosed = true
    for (const { ready } of this.#unclaimed) ready?.socket.destroy()
    this.#unclaimed.clear()
  }

  #open(options: { protocol: string; host: string; hostname: string; port: string }): void {
    const prepared: Prepared = { ...options, ready: undefined, callback: undefined }
    this.#unclaimed.add(prepared)
    this.#connect(options, (...[error, socket]) => {
      if (prepared.callback !== undefined) {
        if (error === null) prepared.callback(null, socket)
        else prepared.callback(error, null)
      } else if (error !== null) this.#unclaimed.delete(prepared)
      else if (this.#isClosed) socket.destroy()
      else this.#keep(prepared, socket)
    })
  }

  #keep(prepared: Prepared, socket: Socket): void {
    const drop = () => {
      this.#unclaimed.delete(prepared)
      clearTimeout(timer)
      socket.destroy()
    }
    const timer = setTimeout(drop, this.#idleMs).unref()
    socket.once('close', drop).unref()
    const release = () => {
      clearTimeout(timer)
      socket.off('close', drop).ref()
    }
    prepared.ready = { socket, release }
  }

  #claim(options: buildConnector.Options): Prepared | undefined {
    const fitting = [...this.#unclaimed].filter((prepared) => isFor(prepared, options))
    const prepared =
      fitting.find(({ ready }) => ready !== undefined && !ready.socket.destroyed) ??
      fitting.find(({ ready }) => ready === undefined)
    if (prepared !== undefined) this.#unclaimed.delete(prepared)
    return prepared
  }
}

function isFor(prepared: Prepared, { protocol, host }: Pick<buildConnector.Options, 'protocol' | 'host'>): boolean {
  return prepared.protocol === protocol && prepared.host === host
}

/** Returns an IPv6 address without the brackets that it has in a URL. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
