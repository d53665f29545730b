/** In a file of its own, and so in a process of its own: nothing else here may load undici or call `fetch()` before. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { loadUndici } from '../../src/http/undici.js'
import { httpServer } from '../support/http-server.js'

const NAMES = [Symbol.for('undici.globalDispatcher.1'), Symbol.for('undici.globalDispatcher.2')]
const globals = globalThis as unknown as Record<symbol, unknown>

describe('loading the HTTP client', () => {
  it("does not take over the program's own fetch()", async (t) => {
    assert.deepEqual(
      NAMES.map((name) => globals[name]),
      [undefined, undefined],
    )
    const { Agent } = await loadUndici()

    const lengths: (string | undefined)[] = []
    const origin = await httpServer(t, (request, response) => {
      lengths.push(request.headers['content-length'])
      response.end('received')
    })
    // The npm package's agent refuses this request of the built-in fetch() of Node.js 20.
    const response = await fetch(origin, { method: 'PUT', headers: { 'content-length': '0' } })
    assert.equal(await response.text(), 'received')
    assert.deepEqual(lengths, ['0'])
    assert.ok(!NAMES.some((name) => globals[name] instanceof Agent))
  })
})
