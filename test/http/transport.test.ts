import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { MiB } from '../../src/shared/byte-size.js'
import { someBytes } from '../support/bytes.js'
import { selfSignedCertificate } from '../support/certificate.js'
import { httpServer } from '../support/http-server.js'
import { answer, closedPort, onRequestHead, rawServer } from '../support/raw-server.js'
import { failureOf, get, put, transport } from '../support/transport.js'

describe('Transport.send', () => {
  it('sends the whole body and returns the whole response', async (t) => {
    const body = someBytes(3 * MiB + 5)
    const origin = await httpServer(t, (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.setHeader('X-Twice', ['a', 'b'])
        response.statusCode = 201
        response.end(`${request.method ?? ''} ${String(Buffer.concat(chunks).equals(body))} äöü`)
      })
    })
    let sent = 0
    const got = await transport(t).send(put(origin, body, { onSent: (bytes) => (sent += bytes) }))
    assert.equal(got.status, 201)
    assert.equal(got.text, 'PUT true äöü')
    assert.equal(got.headers['x-twice'], 'a, b')
    assert.equal(sent, body.length)
  })

  it('sends all segments of a body, small ones too', async (t) => {
    let received = Buffer.alloc(0)
    const origin = await httpServer(t, (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        received = Buffer.concat(chunks)
        response.end()
      })
    })
    const client = transport(t)
    for (const lengths of [[], [0], [3, 4], [3 * MiB, 1, 2 * MiB + 5]]) {
      const segments = lengths.map((length, i) => someBytes(length, i + 1))
      const bytes = Buffer.concat(segments)
      let sent = 0
      const request = put(origin, bytes, { onSent: (moved) => (sent += moved) })
      await client.send({ ...request, body: { segments, size: bytes.length } })
      assert.ok(received.equals(bytes))
      assert.equal(sent, bytes.length)
    }
  })

  it('sends a path as it is, dots, slashes and all', async (t) => {
    const paths = ['/a/../b/./c', '/%2E%2E/x', '//x//', '/a%00b?q=%20&x', "/!$&'()*+,;=:@~"]
    const lines: string[] = []
    const { origin } = await rawServer(t, (socket) => {
      onRequestHead(socket, (head) => {
        lines.push(head.split('\r\n')[0]!)
        socket.write(answer('200 OK'))
      })
    })
    const client = transport(t)
    for (const path of paths) await client.send(get(origin, { path }))
    assert.deepEqual(
      lines,
      paths.map((path) => `GET ${path} HTTP/1.1`),
    )
  })

  it('accepts header names of any kind', async (t) => {
    const { origin } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => socket.write(answer('200 OK', '', ['__proto__: a', 'constructor: b'])))
    })
    const { headers } = await transport(t).send(get(origin))
    assert.equal(headers['__proto__'], 'a')
    assert.equal(headers['constructor'], 'b')
    assert.equal('valueOf' in headers, false)
  })

  it('does not follow a redirect', async (t) => {
    let visits = 0
    const elsewhere = await httpServer(t, (_request, response) => {
      visits += 1
      response.end()
    })
    const origin = await httpServer(t, (_request, response) => {
      response.writeHead(307, { location: elsewhere }).end()
    })
    const got = await transport(t).send(get(origin, { headers: { authorization: 'secret' } }))
    assert.equal(got.status, 307)
    assert.equal(visits, 0)
  })

  it('accepts a response that comes while the body is still being sent', async (t) => {
    const { origin } = await rawServer(t, (socket) => {
      socket.once('data', () => {
        socket.pause()
        socket.write(answer('403 Forbidden', 'no'))
      })
    })
    const got = await transport(t, { stallMs: 100 }).send(put(origin, Buffer.alloc(32 * MiB)))
    assert.equal(got.status, 403)
    assert.equal(got.text, 'no')
  })

  it('recognizes a connection that is not accepted', async (t) => {
    const failure = await failureOf(transport(t).send(get(`http://127.0.0.1:${await closedPort()}`)))
    assert.equal(failure.kind, 'network')
    assert.equal(failure.mayHaveArrived, false)
    assert.match(failure.message, /ECONNREFUSED/)
  })

  it('recognizes a connection that breaks before the response', async (t) => {
    const { origin } = await rawServer(t, (socket) => onRequestHead(socket, () => socket.resetAndDestroy()))
    const failure = await failureOf(transport(t).send(get(origin)))
    assert.equal(failure.kind, 'network')
    assert.equal(failure.mayHaveArrived, true)
  })

  for (const [what, text] of [
    ['within its headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['within its body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
    ['within a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
  ] as const) {
    it(`recognizes a response that ends ${what}`, async (t) => {
      const { origin } = await rawServer(t, (socket) => onRequestHead(socket, () => socket.end(text)))
      const failure = await failureOf(transport(t).send(get(origin)))
      assert.equal(failure.kind, 'network')
      assert.equal(failure.mayHaveArrived, true)
    })
  }

  it('recognizes a response that is not HTTP', async (t) => {
    const { origin } = await rawServer(t, (socket) => onRequestHead(socket, () => socket.end('SSH-2.0-x\r\n\r\n')))
    const failure = await failureOf(transport(t).send(get(origin)))
    assert.equal(failure.kind, 'answer')
    assert.equal(failure.mayHaveArrived, true)
  })

  it('ends a response without end', async (t) => {
    const origin = await httpServer(t, (_request, response) => {
      const more = Buffer.alloc(MiB)
      const push = () => {
        while (!response.destroyed && response.write(more));
      }
      response.on('drain', push)
      push()
    })
    const failure = await failureOf(transport(t).send(get(origin)))
    assert.equal(failure.kind, 'answer')
    assert.match(failure.message, /longer than/)
  })

  it('refuses an untrusted certificate', async (t) => {
    const identity = selfSignedCertificate()
    if (identity === undefined) {
      t.skip('openssl is not there to make a certificate')
      return
    }
    let requests = 0
    const server = createTlsServer(identity, (_request, response) => {
      requests += 1
      response.end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const failure = await failureOf(
      transport(t).send(get(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    )
    assert.equal(failure.kind, 'certificate')
    assert.equal(failure.mayHaveArrived, false)
    assert.equal(requests, 0)
  })

  it('sends nothing to a server that speaks no TLS', async (t) => {
    let requests = 0
    const origin = await httpServer(t, (_request, response) => {
      requests += 1
      response.end()
    })
    const failure = await failureOf(transport(t).send(get(origin.replace('http:', 'https:'))))
    assert.deepEqual([failure.kind, failure.mayHaveArrived, requests], ['network', false, 0])
  })
})

describe('Transport.open', () => {
  it('ends the connection of a body that is no longer needed', async (t) => {
    const { origin, sockets } = await rawServer(t, (socket) => {
      onRequestHead(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc'))
    })
    const { status, body } = await transport(t).open(get(origin))
    assert.equal(status, 200)
    const [chunk] = (await once(body, 'data')) as [Buffer]
    assert.equal(chunk.toString(), 'abc')
    body.on('error', () => undefined)
    const ended = once(sockets[0]!, 'close')
    body.destroy()
    await ended
  })

  it('gives a body that may be read to its end', async (t) => {
    const bytes = someBytes(MiB)
    const origin = await httpServer(t, (_request, response) => response.end(bytes))
    const { body } = await transport(t).open(get(origin))
    const chunks: Buffer[] = []
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk)
    assert.ok(Buffer.concat(chunks).equals(bytes))
  })
})
