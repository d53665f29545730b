import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { SendingBody, StalledBodies } from '../../../src/http/body/stalled-bodies.js'
import { MiB } from '../../../src/shared/byte-size.js'
import { answer, rawServer } from '../../support/raw-server.js'
import { failureOf, put, transport } from '../../support/transport.js'

/** More than the buffers of a connection hold. */
const LARGE = Buffer.alloc(24 * MiB)
const SMALL = Buffer.alloc(MiB)

/** Answers a request when its body is there; reads nothing of those on whose path it is asked to be silent. */
function serve(socket: Socket): void {
  socket.once('data', (head: Buffer) => {
    if (head.toString('latin1').startsWith('PUT /silent')) {
      socket.pause()
      return
    }
    let left = Number(/content-length: (\d+)/.exec(head.toString('latin1'))?.[1]) - head.length + headLength(head)
    const take = (bytes: number) => {
      left -= bytes
      if (left <= 0) socket.write(answer('200 OK'))
    }
    socket.on('data', (chunk) => take(chunk.length))
    take(0)
  })
}

const headLength = (chunk: Buffer): number => chunk.indexOf('\r\n\r\n') + 4

describe('stalled bodies', { concurrency: true }, () => {
  const silent = (origin: string) => put(origin, LARGE, { path: '/silent' })

  it('are sent again on a fast line: one as a probe, the others when a later request gets its response', async (t) => {
    const { origin } = await rawServer(t, serve)
    const client = transport(t, { stallMs: 3000 })
    await client.send(put(origin, SMALL))
    const failures = [1, 2, 3].map(() => failureOf(client.send(silent(origin))))
    const probe = await Promise.race(failures)
    assert.equal(probe.kind, 'timeout')
    assert.match(probe.message, /^no byte of the request moved for \d+ ms, nor of any other one$/)
    await client.send(put(origin, SMALL))
    const others = (await Promise.all(failures)).filter((failure) => failure !== probe)
    assert.equal(others.length, 2)
    for (const { kind, message } of others) {
      assert.equal(kind, 'timeout')
      assert.match(message, /^no byte of the request moved for \d+ ms, but a later request got its response$/)
    }
  })

  for (const [what, isKnown, count] of [
    ['the speed of the line is not known', false, 3],
    ['there is only one', true, 1],
  ] as const) {
    it(`keep their limit if ${what}`, async (t) => {
      const { origin } = await rawServer(t, serve)
      const client = transport(t, { stallMs: isKnown ? 300 : 100 })
      if (isKnown) await client.send(put(origin, SMALL))
      const failures = Array.from({ length: count }, () => failureOf(client.send(silent(origin))))
      const messages = (await Promise.all(failures)).map(({ message }) => message)
      assert.deepEqual(new Set(messages), new Set([`no byte of the request moved for ${isKnown ? 300 : 400} ms`]))
    })
  }

  it('are not taken back if sending them again takes longer than waiting for their limit', (t) => {
    t.mock.method(performance, 'now', () => nowMs)
    let nowMs = 0
    const taken: string[] = []
    const bodies = new StalledBodies(30_000)
    t.after(() => [slow, quick].forEach((body) => bodies.delete(body)))
    const body = () => {
      const made = new SendingBody((reason) => taken.push(reason))
      bodies.add(made)
      made.moved(30_000, true)
      return made
    }
    const slow = body()
    nowMs = 25_000
    const quick = body()
    nowMs = 26_000
    slow.moved(30_000, true)
    quick.moved(30_000, true)
    nowMs = 40_000
    const later = body()
    bodies.answered(later)
    bodies.delete(later)
    assert.deepEqual(taken, ['no byte of the request moved for 14000 ms, but a later request got its response'])
  })
})
