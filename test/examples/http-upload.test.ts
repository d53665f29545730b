import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { json } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, startExample } from '../support/examples.js'
import { until } from '../support/until.js'

/** The origin that the example listens on until the test ends. */
async function serve(t: TestContext, emulator: Emulator): Promise<string> {
  const { child, ended } = startExample('http-upload.ts', [], { ...environmentOf(emulator), PORT: '0' })
  t.after(async () => {
    child.kill()
    await ended
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const origin = /http:\S+/.exec(line.toString())?.[0]
  assert.ok(origin !== undefined, line.toString())
  return origin
}

/** Sends the request; the answer as soon as it is there, whether all was sent or not. */
async function send(origin: string, path: string, body: Uint8Array, method = 'PUT') {
  const agent = new http.Agent({ keepAlive: true })
  const headers = { 'content-type': 'video/mp4', 'content-length': body.length }
  const request = http.request(new URL(path, origin), { method, agent, headers })
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const answer = (await json(response)) as Record<string, unknown>
  request.on('error', () => undefined)
  agent.destroy()
  return { status: response.statusCode, answer }
}

describe('examples/http-upload.ts', () => {
  it('stores the body of a request and returns 201 with the result', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const origin = await serve(t, emulator)
    const bytes = someBytes(20_000_000)
    const { status, answer } = await send(origin, '/videos/a%20b%2B%C3%BC.mp4', bytes)
    assert.equal(status, 201)
    const { body, etag, crc64, contentType } = await store.get('videos/a b+ü.mp4')
    assert.deepEqual(answer, { key: 'videos/a b+ü.mp4', size: bytes.length, etag, crc64 })
    assert.equal(contentType, 'video/mp4')
    assert.equal(Buffer.compare(await readAll(body), bytes), 0)
  })

  it('responds with a clear error when the object exists, and keeps it', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const origin = await serve(t, emulator)
    assert.equal((await send(origin, '/once', Buffer.from('first'))).status, 201)
    for (const length of [6, 20_000_000]) {
      const { status, answer } = await send(origin, '/once', someBytes(length))
      assert.equal(status, 409)
      assert.equal(answer['code'], 'ALREADY_EXISTS')
    }
    assert.equal((await readAll((await store.get('once')).body)).toString(), 'first')
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('refuses an invalid key, URL or upload, and sends nothing', async (t) => {
    const { emulator } = await emulatedStore(t)
    const origin = await serve(t, emulator)
    for (const [path, method, expectedStatus, code] of [
      ['/', 'PUT', 400, 'INVALID_OPTION'],
      ['/%2Fslash', 'PUT', 400, 'INVALID_OPTION'],
      ['/%ff', 'PUT', 400, 'INVALID_URL'],
      ['/key', 'POST', 405, 'METHOD_NOT_ALLOWED'],
    ] as const) {
      const { status, answer } = await send(origin, path, Buffer.from('x'), method)
      assert.equal(status, expectedStatus, path)
      assert.equal(answer['code'], code)
    }
    assert.deepEqual(emulator.requests, [])
  })

  it('returns 502 when the store fails', async (t) => {
    const { emulator } = await emulatedStore(t)
    const origin = await serve(t, emulator)
    emulator.faults.inject({
      match: { operation: 'InitiateMultipartUpload' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { status, answer } = await send(origin, '/key', someBytes(20_000_000))
    assert.equal(status, 502)
    assert.equal(answer['code'], 'ACCESS_DENIED')
    assert.equal(JSON.stringify(answer).includes(emulator.credentials.accessKeySecret), false)
  })

  it('publishes nothing of a request that is broken off', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const origin = await serve(t, emulator)
    const request = http.request(new URL('/half', origin), {
      method: 'PUT',
      agent: false,
      headers: { 'content-length': 20_000_000 },
    })
    request.on('error', () => undefined)
    request.write(someBytes(10_000_000))
    await until(() => emulator.requests.some(({ operation, status }) => operation === 'UploadPart' && status === 200))
    request.destroy()
    await until(() =>
      emulator.requests.some(({ operation, status }) => operation === 'AbortMultipartUpload' && status === 204),
    )
    assert.equal(await exists(store, 'half'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
    assert.equal((await send(origin, '/next', Buffer.from('x'))).status, 201)
  })
})
