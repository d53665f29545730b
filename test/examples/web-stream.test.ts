import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'

describe('examples/web-stream.ts', () => {
  const bytes = someBytes(20_000_000)
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/missing' ? 404 : 200, {
      'content-type': 'text/csv',
      'content-length': bytes.length,
    })
    if (request.url === '/whole.csv') response.end(bytes)
    else if (request.url === '/broken.csv') response.write(bytes.subarray(0, -1), () => response.destroy())
    else response.end()
  })
  let origin = ''

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  after(() => server.close())

  it('stores the response of a URL', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const args = [`${origin}/whole.csv`, 'oss://test-bucket/mirror/data.csv']
    const { code, stdout, stderr } = await runExample('web-stream.ts', args, environmentOf(emulator))
    assert.equal(code, 0, stderr)
    assert.match(stdout, /\/mirror\/data\.csv: 20000000 bytes/)
    const { body, contentType } = await store.get('mirror/data.csv')
    assert.equal(contentType, 'text/csv')
    assert.equal(Buffer.compare(await readAll(body), bytes), 0)
  })

  it('publishes nothing of a download that breaks off', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const args = [`${origin}/broken.csv`, 'mirror/data.csv']
    const { code, stderr } = await runExample('web-stream.ts', args, environmentOf(emulator))
    assert.notEqual(code, 0)
    assert.match(stderr, /terminated/)
    assert.equal(await exists(store, 'mirror/data.csv'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('sends nothing when there is nothing to store', async (t) => {
    const { emulator } = await emulatedStore(t)
    const args = [`${origin}/missing`, 'mirror/data.csv']
    const { code, stderr } = await runExample('web-stream.ts', args, environmentOf(emulator))
    assert.notEqual(code, 0)
    assert.match(stderr, /responded with 404/)
    assert.deepEqual(emulator.requests, [])
  })
})
