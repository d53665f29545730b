import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { BandwidthLimiter } from '../../src/http/bandwidth-limiter.js'
import { Transport } from '../../src/http/transport.js'
import { KiB } from '../../src/shared/byte-size.js'
import { someBytes } from '../support/bytes.js'
import { FakeClock } from '../support/fake-clock.js'
import { httpServer } from '../support/http-server.js'
import { answer, onRequestHead, rawServer } from '../support/raw-server.js'
import { failureOf, get, put } from '../support/transport.js'
import { until } from '../support/until.js'

const LIMIT = 256 * KiB

/** Counts the bytes of bodies as they come in. */
async function countingServer(t: TestContext): Promise<{ origin: string; received: () => number }> {
  let received = 0
  const origin = await httpServer(t, (request, response) => {
    request.on('data', (chunk: Buffer) => (received += chunk.length))
    request.on('end', () => response.end())
    request.on('error', () => undefined)
  })
  return { origin, received: () => received }
}

function limitedTransport(t: TestContext, clock: FakeClock, stallMs = 10_000) {
  const limiter = new BandwidthLimiter(LIMIT, clock)
  const client = new Transport({ connectMs: 10_000, answerMs: 10_000, stallMs }, { limiter })
  t.after(() => client.close())
  return { client, limiter }
}

describe('a transport with a bandwidth limit', () => {
  it('lets as many bytes of all bodies together through as time has gone by', async (t) => {
    const clock = new FakeClock()
    const { origin, received } = await countingServer(t)
    const { client, limiter } = limitedTransport(t, clock)
    const body = someBytes(300 * KiB)
    const puts = [1, 2, 3].map(() => client.send(put(origin, body)))
    let allowed = limiter.burst
    for (let step = 0; step < 5; step += 1) {
      // Less than a slice may be left over.
      await until(() => received() > allowed - limiter.sliceSize)
      // A request that comes and goes: what else was on its way has arrived.
      await client.send(get(origin))
      assert.ok(received() <= allowed, `${received()} > ${allowed}`)
      await clock.advance(100)
      allowed += LIMIT / 10
    }
    await clock.advance(60_000)
    for (const { status } of await Promise.all(puts)) assert.equal(status, 200)
    assert.equal(received(), 3 * body.length)
  })

  it('does not mistake its own rate for a stalled connection', async (t) => {
    const clock = new FakeClock()
    const { origin, received } = await countingServer(t)
    const { client, limiter } = limitedTransport(t, clock, 30)
    const pending = client.send(put(origin, someBytes(2 * limiter.burst)))
    await until(() => received() >= limiter.burst - limiter.sliceSize)
    // More than the limit of 30 ms goes by, in which nothing may be sent.
    await new Promise((resolve) => setTimeout(resolve, 100))
    await clock.advance(10_000)
    assert.equal((await pending).status, 200)
  })

  it('still ends a request whose server reads nothing', async (t) => {
    const origin = await httpServer(t, (request) => request.pause())
    const limiter = new BandwidthLimiter(1024 * 1024 * KiB)
    const client = new Transport({ connectMs: 10_000, answerMs: 10_000, stallMs: 100 }, { limiter })
    t.after(() => client.close())
    const failure = await failureOf(client.send(put(origin, Buffer.alloc(32 * 1024 * KiB))))
    assert.match(failure.message, /no byte of the request moved for \d+ ms/)
  })

  it('ends a request that is held back as soon as it is cancelled', async (t) => {
    const clock = new FakeClock()
    const { origin, received } = await countingServer(t)
    const { client, limiter } = limitedTransport(t, clock)
    const controller = new AbortController()
    const pending = failureOf(client.send(put(origin, someBytes(300 * KiB), { signal: controller.signal })))
    await until(() => received() > limiter.burst - limiter.sliceSize)
    controller.abort()
    assert.equal((await pending).kind, 'cancelled')
    await until(() => clock.timers === 0)
  })

  it('holds nothing back any more for a request that gets a response before its body has left', async (t) => {
    const clock = new FakeClock()
    const { origin } = await rawServer(t, (socket) =>
      onRequestHead(socket, () => socket.write(answer('403 Forbidden'))),
    )
    const { client } = limitedTransport(t, clock)
    const { status } = await client.send(put(origin, someBytes(300 * KiB)))
    assert.equal(status, 403)
    await until(() => clock.timers === 0)
  })
})
