import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Agent } from 'undici'
import { Agent as Agent6, MockAgent as MockAgent6 } from 'undici6'
import { Transport } from '../../src/http/transport.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { someBytes } from '../support/bytes.js'
import { httpServer } from '../support/http-server.js'
import { onRequestHead, rawServer } from '../support/raw-server.js'
import { failureOf, get, put } from '../support/transport.js'

const TIMEOUTS = { connectMs: 10_000, answerMs: 10_000, stallMs: 10_000 }

const VERSIONS: Record<string, () => Agent | Agent6> = {
  'this version of undici': () => new Agent(),
  'undici 6': () => new Agent6(),
}

for (const [name, create] of Object.entries(VERSIONS)) {
  describe(`a dispatcher of ${name}`, () => {
    it('carries bodies of every size, and the whole response', async (t) => {
      const dispatcher = create()
      t.after(() => dispatcher.close())
      const client = new Transport(TIMEOUTS, { dispatcher })
      const origin = await httpServer(t, (request, response) => {
        const hash: Buffer[] = []
        request.on('data', (chunk: Buffer) => hash.push(chunk))
        request.on('end', () => {
          response.setHeader('X-Twice', ['one', 'two'])
          response.writeHead(201).end(Buffer.concat(hash))
        })
      })
      for (const length of [0, 1, 64 * KiB, 64 * KiB + 1, MiB]) {
        const body = someBytes(length)
        let sent = 0
        const answer = await client.send(put(origin, body, { onSent: (bytes) => (sent += bytes) }))
        assert.equal(answer.status, 201)
        assert.equal(answer.headers['x-twice'], 'one, two')
        assert.equal(answer.text, Buffer.from(body).toString('utf8'))
        assert.equal(sent, length)
      }
    })

    it('streams a response', async (t) => {
      const dispatcher = create()
      t.after(() => dispatcher.close())
      const origin = await httpServer(t, (_request, response) => response.end('all of it'))
      const { status, body } = await new Transport(TIMEOUTS, { dispatcher }).open(get(origin))
      assert.equal(status, 200)
      assert.equal(Buffer.concat(await body.toArray()).toString(), 'all of it')
    })

    it('ends a request when the signal says so', async (t) => {
      const dispatcher = create()
      t.after(() => dispatcher.destroy())
      const cancel = new AbortController()
      const { origin, sockets } = await rawServer(t, (socket) => onRequestHead(socket, () => cancel.abort('enough')))
      const client = new Transport(TIMEOUTS, { dispatcher })
      const failure = await failureOf(client.send(put(origin, someBytes(10), { signal: cancel.signal })))
      assert.equal(failure.kind, 'cancelled')
      assert.equal(failure.mayHaveArrived, true)
      assert.equal(failure.cause, 'enough')
      if (!sockets[0]!.closed) await once(sockets[0]!, 'close')
    })

    it('reports what broke', async (t) => {
      const dispatcher = create()
      t.after(() => dispatcher.destroy())
      const client = new Transport(TIMEOUTS, { dispatcher })
      const { origin } = await rawServer(t, (socket) => onRequestHead(socket, () => socket.resetAndDestroy()))
      const broken = await failureOf(client.send(put(origin, someBytes(10))))
      assert.deepEqual([broken.kind, broken.mayHaveArrived], ['network', true])
      const refused = await failureOf(client.send(put('http://127.0.0.1:1', someBytes(10))))
      assert.deepEqual([refused.kind, refused.mayHaveArrived], ['network', false])
    })

    it('that is closed fails each request', async () => {
      const dispatcher = create()
      await dispatcher.close()
      const client = new Transport(TIMEOUTS, { dispatcher })
      assert.equal((await failureOf(client.send(put('http://127.0.0.1:1', someBytes(10))))).kind, 'network')
    })
  })
}

describe('a dispatcher that throws', () => {
  it('fails the request', async (t) => {
    const dispatcher = new MockAgent6()
    t.after(() => dispatcher.close())
    dispatcher.disableNetConnect()
    const failure = await failureOf(new Transport(TIMEOUTS, { dispatcher }).send(get('http://127.0.0.1:1')))
    assert.equal(failure.kind, 'network')
  })
})
