import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Agent } from 'undici'
import { Transport } from '../../src/http/transport.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { httpServer } from '../support/http-server.js'
import { answer, onRequestHead, rawServer } from '../support/raw-server.js'
import { failureOf, get, put, transport } from '../support/transport.js'
import { until } from '../support/until.js'

describe('a signal', () => {
  it('that was aborted already lets nothing be sent', async (t) => {
    const { origin, sockets } = await rawServer(t, () => undefined)
    const reason = new Error('enough')
    const failure = await failureOf(transport(t).send(get(origin, { signal: AbortSignal.abort(reason) })))
    assert.equal(failure.kind, 'cancelled')
    assert.equal(failure.mayHaveArrived, false)
    assert.equal(failure.cause, reason)
    assert.equal(sockets.length, 0)
  })

  it('ends a request that waits for its response, and its connection', async (t) => {
    const cancel = new AbortController()
    const { origin, sockets } = await rawServer(t, (socket) => onRequestHead(socket, () => cancel.abort('enough')))
    const failure = await failureOf(transport(t).send(get(origin, { signal: cancel.signal })))
    assert.equal(failure.kind, 'cancelled')
    assert.equal(failure.mayHaveArrived, true)
    assert.equal(failure.cause, 'enough')
    if (!sockets[0]!.closed) await once(sockets[0]!, 'close')
  })

  it('ends a request that waits for a connection, and sends nothing when that opens', async (t) => {
    const paths: string[] = []
    const origin = await httpServer(t, (request, response) => {
      paths.push(request.url ?? '')
      setTimeout(() => response.end(), 50)
    })
    const dispatcher = new Agent({ connections: 1 })
    t.after(() => dispatcher.close())
    const client = new Transport({ connectMs: 10_000, answerMs: 10_000, stallMs: 10_000 }, { dispatcher })
    const cancel = new AbortController()
    const first = client.send(get(origin, { path: '/first' }))
    const second = client.send(get(origin, { path: '/second', signal: cancel.signal }))
    cancel.abort('enough')
    const failure = await failureOf(second)
    assert.equal(failure.kind, 'cancelled')
    assert.equal(failure.mayHaveArrived, false)
    await first
    await client.send(get(origin, { path: '/third' }))
    assert.deepEqual(paths, ['/first', '/third'])
  })

  it('ends a request for a stream that waits for a connection', async (t) => {
    const held: ServerResponse[] = []
    const origin = await httpServer(t, (_request, response) => held.push(response))
    const dispatcher = new Agent({ connections: 1 })
    t.after(() => dispatcher.close())
    const client = new Transport({ connectMs: 10_000, answerMs: 10_000, stallMs: 10_000 }, { dispatcher })
    const cancel = new AbortController()
    const first = client.send(get(origin))
    const second = client.open(get(origin, { signal: cancel.signal }))
    cancel.abort('enough')
    const failure = await failureOf(second)
    assert.equal(failure.kind, 'cancelled')
    assert.equal(failure.cause, 'enough')
    await until(() => held.length > 0)
    held[0]!.end()
    await first
  })

  it('ends a request whose body does not move', async (t) => {
    const cancel = new AbortController()
    const { origin } = await rawServer(t, (socket) => {
      socket.once('data', () => {
        socket.pause()
        cancel.abort()
      })
    })
    const request = put(origin, Buffer.alloc(32 * MiB), { signal: cancel.signal })
    assert.equal((await failureOf(transport(t).send(request))).kind, 'cancelled')
  })

  it('ends a response that is being read', async (t) => {
    const cancel = new AbortController()
    const { origin } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () => setTimeout(() => cancel.abort(), 50))
      })
    })
    const failure = await failureOf(transport(t).send(get(origin, { signal: cancel.signal })))
    assert.equal(failure.kind, 'cancelled')
  })

  it('is not listened to any more when the request is over', async (t) => {
    const origin = await httpServer(t, (_request, response) => response.end())
    const signal = new ListenerCountingSignal()
    await transport(t).send(get(origin, { signal: signal.signal }))
    assert.equal(signal.added, 1)
    assert.equal(signal.removed, 1)
  })

  it('no longer ends a streamed response once its headers are received', async (t) => {
    const cancel = new AbortController()
    const origin = await httpServer(t, (_request, response) => response.end('all of it'))
    const { body } = await transport(t).open(get(origin, { signal: cancel.signal }))
    cancel.abort()
    assert.equal(Buffer.concat(await body.toArray()).toString(), 'all of it')
  })
})

class ListenerCountingSignal {
  readonly signal: AbortSignal = new AbortController().signal
  added = 0
  removed = 0

  constructor() {
    const { signal } = this
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...values: Parameters<typeof add>) => {
      this.added += 1
      add(...values)
    }
    signal.removeEventListener = (...values: Parameters<typeof remove>) => {
      this.removed += 1
      remove(...values)
    }
  }
}

describe('memory of a request that is over', () => {
  it('is not read any more, though the response came before all had left', async (t) => {
    let unanswered = 0
    const refuse = () => {
      for (; sockets[0] !== undefined && unanswered > 0; unanswered -= 1) sockets[0].write(answer('403 Forbidden'))
    }
    const { origin, sockets } = await rawServer(t, (socket) => {
      socket.pause()
      refuse()
    })
    const client = { socket: undefined as Socket | undefined }
    const onHeaders = (message: unknown) => (client.socket = (message as { socket: Socket }).socket)
    const onBodySent = () => {
      unanswered += 1
      refuse()
    }
    subscribe('undici:client:sendHeaders', onHeaders)
    subscribe('undici:request:bodySent', onBodySent)
    t.after(() => unsubscribe('undici:client:sendHeaders', onHeaders))
    t.after(() => unsubscribe('undici:request:bodySent', onBodySent))
    const dispatcher = new Agent({ connections: 1 })
    t.after(() => dispatcher.destroy())
    const transportOfOne = new Transport({ connectMs: 10_000, answerMs: 10_000, stallMs: 10_000 }, { dispatcher })

    // Until the operating system takes no more of what the server leaves unread.
    const body = Buffer.alloc(64 * KiB)
    do {
      body.fill(1)
      assert.equal((await transportOfOne.send(put(origin, body))).status, 403)
      body.fill(2)
    } while (client.socket?.writableLength === 0)

    const received: Buffer[] = []
    sockets[0]!.on('data', (chunk: Buffer) => received.push(chunk)).resume()
    if (client.socket!.writableLength > 0) await once(client.socket!, 'drain')
    await dispatcher.close()
    if (!sockets[0]!.closed) await once(sockets[0]!, 'close')
    assert.equal(Buffer.concat(received).includes(2), false)
  })
})

describe('connections', () => {
  it('are kept for the next request', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => socket.write(answer('200 OK')))
    })
    const client = transport(t)
    for (let i = 0; i < 3; i += 1) {
      await client.send(get(origin))
      // The client takes a connection again no sooner than in the next turn.
      await nextTurn()
    }
    assert.equal(sockets.length, 1)
  })

  for (const [what, leave] of Object.entries({
    'whose body is destroyed': async (client, origin) => {
      const { body } = await client.open(get(origin))
      await once(body, 'readable')
      body.destroy()
    },
    'that is aborted after its headers': async (client, origin) => {
      const cancel = new AbortController()
      const receiving = client.receive(get(origin, { signal: cancel.signal }), () => {
        cancel.abort('enough')
        return undefined
      })
      await failureOf(receiving)
    },
    'that is aborted before its headers': async (client, origin) => {
      const cancel = new AbortController()
      const sending = client.send(get(origin, { path: '/silent', signal: cancel.signal }))
      setTimeout(() => cancel.abort('enough'), 50)
      await failureOf(sending)
    },
  } satisfies Record<string, (client: Transport, origin: string) => Promise<void>>)) {
    it(`are not opened for a response ${what}`, async (t) => {
      const { origin, port, sockets } = await rawServer(t, (socket) =>
        onRequestHead(socket, (head) => {
          if (!head.startsWith('GET /silent')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nbegin')
        }),
      )
      await leave(transport(t), origin)
      if (!sockets[0]!.closed) await once(sockets[0]!, 'close')
      for (let turn = 0; turn < 10; turn += 1) await nextTurn()
      // A connection that the client has begun to open is accepted before this one.
      const own = connect(port, '127.0.0.1')
      await once(own, 'connect')
      await until(() => sockets.some(({ remotePort }) => remotePort === own.localPort))
      assert.equal(sockets.length, 2)
      own.destroy()
    })
  }

  it('that the server closed between requests cost nothing', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => socket.write(answer('200 OK')))
    })
    const client = transport(t)
    await client.send(get(origin))
    const closed = once(sockets[0]!, 'close')
    sockets[0]!.end()
    await closed
    assert.equal((await client.send(get(origin))).status, 200)
    assert.equal(sockets.length, 2)
  })

  it('that break are not used again, nor are those that were idle beside them', async (t) => {
    const requests = new Map<Socket, number>()
    const waiting: Socket[] = []
    const { origin, sockets } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => {
        const count = (requests.get(socket) ?? 0) + 1
        requests.set(socket, count)
        // The first two come at the same time, so that each gets a connection of its own. A second one breaks it.
        if (count === 2) socket.resetAndDestroy()
        else if (sockets.length > 2) socket.write(answer('200 OK', 'fresh'))
        else if (waiting.push(socket) === 2) for (const each of waiting) each.write(answer('200 OK'))
      })
    })
    const client = transport(t)
    await Promise.all([client.send(get(origin)), client.send(get(origin))])
    await nextTurn()
    assert.equal(sockets.length, 2)
    assert.equal((await failureOf(client.send(get(origin)))).kind, 'network')
    assert.equal((await client.send(get(origin))).text, 'fresh')
  })
})

describe('Transport.close', () => {
  it('ends idle connections, and settles however often it is called', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => socket.write(answer('200 OK')))
    })
    const client = transport(t)
    await client.send(get(origin))
    assert.equal(client.isClosed, false)
    const closed = once(sockets[0]!, 'close')
    await Promise.all([client.close(), client.close()])
    await closed
    assert.equal(client.isClosed, true)
  })

  it('lets the requests in flight come to their end', async (t) => {
    let reply: () => void = () => assert.fail()
    const { origin } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => {
        reply = () => socket.write(answer('200 OK', 'late'))
        void closing()
      })
    })
    const client = transport(t)
    let isClosed = false
    const closing = async () => {
      const closed = client.close().then(() => (isClosed = true))
      reply()
      await closed
    }
    assert.equal((await client.send(get(origin))).text, 'late')
    await client.close()
    assert.equal(isClosed, true)
  })

  it('leaves alone a dispatcher that was given', async (t) => {
    const origin = await httpServer(t, (_request, response) => response.end('by the given one'))
    const dispatcher = new Agent()
    t.after(() => dispatcher.close())
    const client = new Transport({ connectMs: 1000, answerMs: 1000, stallMs: 1000 }, { dispatcher })
    assert.equal((await client.send(get(origin))).text, 'by the given one')
    await client.close()
    assert.equal(client.isClosed, true)
    assert.equal(dispatcher.closed, false)
  })
})
