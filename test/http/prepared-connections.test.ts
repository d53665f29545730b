import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { buildConnector } from 'undici'
import { PreparedConnections } from '../../src/http/prepared-connections.js'
import { answer, closedPort, onRequestHead, rawServer } from '../support/raw-server.js'
import { get, transport } from '../support/transport.js'
import { until } from '../support/until.js'

function prepared(t: TestContext, idleMs = 60_000): PreparedConnections {
  const connections = new PreparedConnections(buildConnector({ timeout: 10_000 }), idleMs)
  t.after(() => connections.close())
  return connections
}

/** As undici asks for one. */
function connected(connections: PreparedConnections, origin: string): Promise<Socket> {
  const { protocol, host, hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    connections.connect({ protocol, host, hostname, port }, (...[error, socket]) => {
      if (error === null) resolve(socket)
      else reject(error)
    })
  })
}

describe('PreparedConnections', () => {
  it('returns those that are open, then those being opened, then new ones', async (t) => {
    const { origin, sockets } = await rawServer(t, () => undefined)
    const connections = prepared(t)
    connections.open(origin, 2)
    await until(() => sockets.length === 2)
    connections.open(origin, 3)
    const all = await Promise.all([1, 2, 3].map(() => connected(connections, origin)))
    assert.equal(new Set(all).size, 3)
    assert.equal(sockets.length, 3)
    all.push(await connected(connections, origin))
    await until(() => sockets.length === 4)
    for (const socket of all) socket.destroy()
  })

  it('gives one only for the server that it leads to', async (t) => {
    const one = await rawServer(t, () => undefined)
    const other = await rawServer(t, () => undefined)
    const connections = prepared(t)
    connections.open(one.origin, 1)
    await until(() => one.sockets.length === 1)
    const socket = await connected(connections, other.origin)
    assert.equal(socket.remotePort, other.port)
    socket.destroy()
  })

  it('gives none that the server has closed', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket, index) => {
      if (index === 0) socket.end()
    })
    const connections = prepared(t)
    connections.open(origin, 1)
    await until(() => sockets[0]?.closed === true)
    const socket = await connected(connections, origin)
    assert.equal(socket.destroyed, false)
    assert.equal(sockets.length, 2)
    socket.destroy()
  })

  it('closes unused ones, after a while or when it is closed', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket) => socket.resume())
    prepared(t, 1).open(origin, 1)
    await until(() => sockets.length === 1)
    if (!sockets[0]!.closed) await once(sockets[0]!, 'close')
    const connections = prepared(t)
    connections.open(origin, 1)
    await until(() => sockets.length === 2)
    connections.open(origin, 2)
    connections.close()
    await until(() => sockets.length === 3)
    await until(() => sockets.every(({ closed }) => closed))
  })

  it('reports a failed connection only through a request', async (t) => {
    const origin = `http://127.0.0.1:${await closedPort()}`
    const connections = prepared(t)
    connections.open(origin, 1)
    await assert.rejects(connected(connections, origin), { code: 'ECONNREFUSED' })
    await assert.rejects(connected(connections, origin), { code: 'ECONNREFUSED' })
  })
})

describe('a transport that prepares connections', () => {
  it('opens what is missing, and its requests use that', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => socket.write(answer('200 OK', 'here')))
    })
    const client = transport(t)
    await client.send(get(origin))
    // A connection is free a turn after its answer.
    await nextTurn()
    client.prepare(origin, 3)
    await until(() => sockets.length === 3)
    client.prepare(origin, 3)
    await Promise.all([1, 2, 3].map(() => client.send(get(origin))))
    assert.equal(sockets.length, 3)
  })
})
