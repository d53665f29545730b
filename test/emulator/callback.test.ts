import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/index.js'
import { startApplicationServer } from '../support/application-server.js'
import { complete, initiate, uploadPart } from '../support/multipart.js'
import { codeOf, send, xmlOf } from '../support/signed-request.js'

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64')
}

function callbackHeaders(callback: object, variables?: object): Record<string, string> {
  const headers = { 'x-oss-callback': encode(callback) }
  return variables === undefined ? headers : { ...headers, 'x-oss-callback-var': encode(variables) }
}

describe('a callback', () => {
  it('posts a form with its placeholders filled in, and its response becomes the response to the put', async () => {
    await using emulator = await startEmulator()
    await using server = await startApplicationServer()
    const headers = {
      'content-type': 'text/plain',
      ...callbackHeaders(
        {
          callbackUrl: server.url,
          callbackBody: 'b=${bucket}&o=${object}&e=${etag}&s=${size}&t=${mimeType}&c=${crc64}&v=${x:who}&n=${nothing}',
        },
        { 'x:who': 'a&b' },
      ),
    }
    const put = await send(emulator, { method: 'PUT', key: 'dir/ü k', body: '123456789', headers })
    assert.equal(put.status, 200)
    const form =
      'b=bucket&o=dir%2F%C3%BC%20k&e=25F9E794323B453885F5181F1B624D0B&s=9&t=text%2Fplain' +
      '&c=11051210869376104954&v=a%26b&n='
    assert.deepEqual(JSON.parse(put.body.toString()), { received: form })
    assert.equal(put.headers['x-oss-hash-crc64ecma'], '11051210869376104954')
    assert.equal(put.headers['content-type'], 'application/json')
    assert.equal(server.received[0]?.headers['content-type'], 'application/x-www-form-urlencoded')
  })

  it('posts JSON, with text in quotes and numbers without, after a Complete', async () => {
    await using emulator = await startEmulator()
    await using server = await startApplicationServer()
    const uploadId = await initiate(emulator, 'k')
    const part = await uploadPart(emulator, 'k', uploadId, 1, 'abc')
    const headers = callbackHeaders(
      {
        callbackUrl: server.url,
        callbackHost: 'app.example.com',
        callbackBody: '{"object":${object},"size":${size},"mine":${x:mine}}',
        callbackBodyType: 'application/json',
      },
      { 'x:mine': 'say "hi"' },
    )
    const parts = [{ partNumber: 1, etag: String(part.headers['etag']) }]
    const done = await complete(emulator, 'k', uploadId, parts, headers)
    assert.equal(done.status, 200)
    assert.deepEqual(JSON.parse(server.received[0]!.body), { object: 'k', size: 3, mine: 'say "hi"' })
    assert.equal(server.received[0]?.headers.host, 'app.example.com')
  })

  it('may come in the query', async () => {
    await using emulator = await startEmulator()
    await using server = await startApplicationServer()
    const query = [['callback', encode({ callbackUrl: server.url, callbackBody: 'k=${object}' })] as const]
    assert.equal((await send(emulator, { method: 'PUT', key: 'k', query, body: 'x' })).status, 200)
    assert.equal(server.received[0]?.body, 'k=k')
  })

  it('goes to the next URL when the first does not respond', async () => {
    await using emulator = await startEmulator()
    await using server = await startApplicationServer()
    const gone = await startApplicationServer()
    await gone[Symbol.asyncDispose]()
    const headers = callbackHeaders({ callbackUrl: `${gone.url};${server.url}`, callbackBody: 'x' })
    assert.equal((await send(emulator, { method: 'PUT', key: 'k', body: 'x', headers })).status, 200)
  })

  const failures: [what: string, answer: Parameters<typeof startApplicationServer>[0]][] = [
    ['answers with an error', (_callback, response) => response.writeHead(500).end('{}')],
    ['answers with something else than JSON', (_callback, response) => response.end('<html>')],
    ['never answers', () => undefined],
    ['hangs up', (_callback, response) => response.destroy()],
  ]
  for (const [what, answer] of failures) {
    it(`whose server ${what} gives 203 CallbackFailed, and the object is stored`, async () => {
      await using emulator = await startEmulator({ limits: { callbackMs: 100 } })
      await using server = await startApplicationServer(answer)
      const headers = callbackHeaders({ callbackUrl: server.url, callbackBody: 'x=1' })
      const put = await send(emulator, { method: 'PUT', key: 'k', body: '123456789', headers })
      assert.equal(put.status, 203)
      assert.equal(codeOf(put), 'CallbackFailed')
      assert.equal(xmlOf(put).text('EC'), '0007-00000203')
      assert.equal(xmlOf(put).text('RequestId'), put.headers['x-oss-request-id'])
      assert.equal(put.headers['x-oss-hash-crc64ecma'], '11051210869376104954')
      assert.equal((await send(emulator, { key: 'k' })).body.toString(), '123456789')
    })
  }

  const malformed: [what: string, headers: Record<string, string>][] = [
    ['is not base64 of JSON', { 'x-oss-callback': 'not base64' }],
    ['has no body', callbackHeaders({ callbackUrl: 'http://example.com', callbackBody: '' })],
    ['has no URL', callbackHeaders({ callbackBody: 'x' })],
    ['has six URLs', callbackHeaders({ callbackUrl: 'a;b;c;d;e;f', callbackBody: 'x' })],
    ['has a URL of another kind', callbackHeaders({ callbackUrl: 'file:///etc/passwd', callbackBody: 'x' })],
    [
      'has another body type',
      callbackHeaders({ callbackUrl: 'a.example', callbackBody: 'x', callbackBodyType: 'text/plain' }),
    ],
    ['is too long', callbackHeaders({ callbackUrl: 'a.example', callbackBody: 'x'.repeat(5000) })],
  ]
  for (const [what, headers] of malformed) {
    it(`that ${what} is refused, and nothing is stored`, async () => {
      await using emulator = await startEmulator()
      const put = await send(emulator, { method: 'PUT', key: 'k', body: 'x', headers })
      assert.equal(put.status, 400)
      assert.equal(codeOf(put), 'InvalidArgument')
      assert.equal((await send(emulator, { method: 'HEAD', key: 'k' })).status, 404)
    })
  }
})
