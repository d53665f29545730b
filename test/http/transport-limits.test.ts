import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { answer, onRequestHead, rawServer } from '../support/raw-server.js'
import { failureOf, get, put, transport } from '../support/transport.js'

const REQUESTS: readonly (readonly [string, Buffer | undefined])[] = [
  ['without a body', undefined],
  ['with one', Buffer.alloc(1000)],
]

/** Reads what a request sends, but only so much at a time; answers at the end of `length` bytes of body. */
function readSlowly(socket: Socket, length: number, pace: { bytes: number; everyMs: number }): void {
  let left = length
  let isBody = false
  socket.pause()
  const timer = setInterval(() => {
    let budget = pace.bytes
    while (budget > 0) {
      const chunk = socket.read() as Buffer | null
      if (chunk === null) break
      budget -= chunk.length
      left -= isBody ? chunk.length : chunk.length - (chunk.indexOf('\r\n\r\n') + 4)
      isBody = true
    }
    if (left <= 0) {
      clearInterval(timer)
      socket.write(answer('200 OK', 'all read'))
    }
  }, pace.everyMs)
  socket.on('close', () => clearInterval(timer))
}

/** An HTTP server in a thread of its own: it goes on while this one is blocked. */
async function threadedServer(t: { after: (fn: () => unknown) => void }, delayMs: number): Promise<string> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads')
    const server = require('node:http').createServer((request, response) => {
      request.resume().on('end', () => {
        parentPort.postMessage('all read')
        setTimeout(() => response.end('healthy'), ${delayMs})
      })
    })
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  t.after(() => worker.terminate())
  const [port] = (await once(worker, 'message')) as [number]
  return `http://127.0.0.1:${port}`
}

function blockThisThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

describe('a time limit', { concurrency: true }, () => {
  describe('on the response', () => {
    for (const [what, body] of REQUESTS) {
      it(`ends a request ${what} without a response`, async (t) => {
        const { origin } = await rawServer(t, (socket) => socket.resume())
        const request = body === undefined ? get(origin) : put(origin, body)
        const failure = await failureOf(transport(t, { answerMs: 60 }).send(request))
        assert.equal(failure.kind, 'timeout')
        assert.equal(failure.mayHaveArrived, true)
      })

      it(`is longer with a traffic limit for a request ${what}`, async (t) => {
        const { origin } = await rawServer(t, (socket) => {
          onRequestHead(socket, () => setTimeout(() => socket.write(answer('200 OK')), 150))
        })
        const request = body === undefined ? get(origin) : put(origin, body)
        const got = await transport(t, { answerMs: 50, stallMs: 50 }).send({ ...request, pacedMs: 10_000 })
        assert.equal(got.status, 200)
      })

      it(`can be another one for a request ${what}`, async (t) => {
        const { origin } = await rawServer(t, (socket) => {
          onRequestHead(socket, () => setTimeout(() => socket.write(answer('200 OK')), 150))
        })
        const request = body === undefined ? get(origin) : put(origin, body)
        const got = await transport(t, { answerMs: 50 }).send({ ...request, answerMs: 10_000 })
        assert.equal(got.status, 200)
      })
    }
  })

  describe('on bytes that do not move', () => {
    // Four times the limit, while the speed of the line is not known.
    it('ends a request that the server does not read', async (t) => {
      const { origin } = await rawServer(t, (socket) => socket.pause())
      const failure = await failureOf(transport(t, { stallMs: 100 }).send(put(origin, Buffer.alloc(32 * MiB))))
      assert.equal(failure.kind, 'timeout')
      assert.match(failure.message, /no byte of the request moved for 400 ms/)
    })

    it('ends a response that stops half-way', async (t) => {
      const { origin } = await rawServer(t, (socket) => {
        onRequestHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'))
      })
      const failure = await failureOf(transport(t, { stallMs: 80 }).send(get(origin)))
      assert.equal(failure.kind, 'timeout')
    })

    it('ends a response of which single bytes keep coming', async (t) => {
      const { origin } = await rawServer(t, (socket) => {
        onRequestHead(socket, () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n')
          const timer = setInterval(() => socket.write('x'), 5)
          socket.on('close', () => clearInterval(timer))
        })
      })
      const client = transport(t, { answerMs: 100 })
      for (const request of [get(origin), put(origin, Buffer.alloc(1000)), put(origin, Buffer.alloc(MiB))]) {
        const failure = await failureOf(client.send(request))
        assert.equal(failure.kind, 'timeout')
        assert.match(failure.message, /came within 100 ms/)
      }
    })

    it('ends a request that gets endless informational responses', async (t) => {
      const { origin } = await rawServer(t, (socket) => {
        onRequestHead(socket, () => {
          const timer = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 5)
          socket.on('close', () => clearInterval(timer))
        })
      })
      const client = transport(t, { answerMs: 100 })
      const failures = [client.send(get(origin)), client.open(get(origin))].map(failureOf)
      for (const failure of await Promise.all(failures)) {
        assert.equal(failure.kind, 'timeout')
        assert.match(failure.message, /no response came within 100 ms/)
      }
    })

    it('never ends a request that is slow but moves, however long it takes', async (t) => {
      // The system tells of room in its buffer when a third of it is free: of some megabytes here, so that it takes
      // this pace to show movement several times within the limit.
      const body = Buffer.alloc(160 * MiB)
      const { origin } = await rawServer(t, (socket) =>
        readSlowly(socket, body.length, { bytes: 64 * KiB, everyMs: 1 }),
      )
      const got = await transport(t, { stallMs: 800, answerMs: 800 }).send(put(origin, body))
      assert.equal(got.text, 'all read')
    })
  })

  describe('on connecting', () => {
    it('counts TLS in', async (t) => {
      const { port } = await rawServer(t, (socket) => socket.resume())
      const failure = await failureOf(transport(t, { connectMs: 50 }).send(get(`https://127.0.0.1:${port}`)))
      assert.equal(failure.kind, 'timeout')
      assert.equal(failure.mayHaveArrived, false)
    })
  })
})

describe('a process that was busy for longer than the limit', () => {
  it('lets healthy requests be', async (t) => {
    const origin = await threadedServer(t, 100)
    const client = transport(t, { answerMs: 1500, stallMs: 1500 })
    await client.send(get(origin))
    const pending = REQUESTS.map(([, body]) => client.send(body === undefined ? get(origin) : put(origin, body)))
    await sleep(50)
    // Timers are what this thread looks at first afterwards.
    await nextTurn()
    blockThisThread(2000)
    for (const { text } of await Promise.all(pending)) assert.equal(text, 'healthy')
  })
})
