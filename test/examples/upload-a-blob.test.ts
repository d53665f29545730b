import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startApplicationServer } from '../support/application-server.js'
import { readAll } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { environmentOf, runExample } from '../support/examples.js'

describe('examples/upload-a-blob.ts', () => {
  it('stores a Blob with its type, and returns the response of the server', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await using server = await startApplicationServer()
    const args = ['notes/today.txt', server.url]
    const { code, stdout, stderr } = await runExample('upload-a-blob.ts', args, environmentOf(emulator))
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^stored 19 bytes; the server responded with \{"received":/)
    assert.deepEqual(
      server.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body))),
      [{ object: 'notes/today.txt', size: '19', author: 'me' }],
    )
    const { body, contentType } = await store.get('notes/today.txt')
    assert.equal(contentType, 'text/plain')
    assert.equal((await readAll(body)).toString(), 'what happened today')
  })

  it('says that the object is stored when the server refuses', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await using server = await startApplicationServer((_callback, response) => {
      response.statusCode = 500
      response.end()
    })
    const args = ['notes/today.txt', server.url]
    const { code, stderr } = await runExample('upload-a-blob.ts', args, environmentOf(emulator))
    assert.equal(code, 1)
    assert.match(stderr, /^stored, but http/)
    assert.equal((await store.head('notes/today.txt')).size, 19)
  })
})
