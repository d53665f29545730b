import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import { complete, initiate, uploadPart } from '../support/multipart.js'
import { codeOf, send, xmlOf } from '../support/signed-request.js'
import { anyText } from '../support/any-text.js'

const AWKWARD_KEYS = [
  '../../outside',
  '..',
  '.',
  'a/../../../b',
  '..\\..\\outside',
  'nul\0byte',
  'control\u0001\u001f\u007f',
  'cr\r\nlf',
  ' leading and trailing ',
  'trailing/',
  'double//slash',
  '%2e%2e%2fencoded',
  '😀'.repeat(255),
  'x'.repeat(1023),
  '__proto__',
  'constructor',
  'CON',
  'ünïcödé/文件',
]

/** Sends bytes as they are and answers what came back until the connection ended. */
async function sendBytes({ endpoint }: Emulator, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(endpoint)
  const socket = net.connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => undefined)
  socket.end(bytes)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}

describe('keys from hell', () => {
  it('are stored, listed and read as they are, and nothing is written outside the folder', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'emulator-hostile-'))
    try {
      await using emulator = await startEmulator({ directory: join(parent, 'store') })
      for (const key of AWKWARD_KEYS) {
        assert.equal((await send(emulator, { method: 'PUT', key, body: key })).status, 200, key)
        assert.equal((await send(emulator, { key })).body.toString(), key)
        const uploadId = await initiate(emulator, `${key.slice(0, 100)}.multi`)
        await uploadPart(emulator, `${key.slice(0, 100)}.multi`, uploadId, 1, key)
      }
      const query = [['encoding-type', 'url'] as const, ['max-keys', '1000'] as const]
      const listed = xmlOf(await send(emulator, { query })).children('Contents')
      const names = listed.map((element) => decodeURIComponent(element.text('Key')!.replaceAll('+', ' ')))
      assert.deepEqual(names.sort(), [...AWKWARD_KEYS].sort())
      assert.deepEqual(readdirSync(parent), ['store'])
      assert.ok(!readdirSync(dirname(parent)).includes('outside'))
      for (const key of AWKWARD_KEYS) await send(emulator, { method: 'DELETE', key })
      assert.deepEqual(readdirSync(join(parent, 'store', 'objects')), [])
    } finally {
      rmSync(parent, { recursive: true, force: true })
    }
  })

  for (const [what, key] of [
    ['more than 1,023 bytes', 'x'.repeat(1024)],
    ['more than 1,023 bytes in fewer characters', 'é'.repeat(512)],
    ['a slash at the beginning', '/leading'],
    ['a backslash at the beginning', '\\leading'],
  ] as const) {
    it(`are refused with ${what}`, async () => {
      await using emulator = await startEmulator()
      const answer = await send(emulator, { method: 'PUT', key, body: 'x' })
      assert.equal(answer.status, 400)
      assert.equal(codeOf(answer), 'InvalidObjectName')
    })
  }

  it('are refused when they are not UTF-8', async () => {
    await using emulator = await startEmulator()
    for (const path of ['/bucket/%ff', '/bucket/%zz', '/bucket/%']) {
      const answer = await sendBytes(emulator, `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n`)
      assert.match(answer, /^HTTP\/1\.1 400 /)
      assert.match(answer, /<Code>InvalidURI</)
    }
  })

  it('are returned unchanged, for any text', async () => {
    await using emulator = await startEmulator()
    const anyKey = anyText({ minLength: 1, maxLength: 60 }).filter((key) => !/^[/\\]/.test(key))
    await fc.assert(
      fc.asyncProperty(anyKey, fc.constantFrom('v1' as const, 'v4' as const), async (key, signature) => {
        assert.equal((await send(emulator, { method: 'PUT', key, body: key, signature })).status, 200)
        assert.equal((await send(emulator, { key, signature })).body.toString(), key)
      }),
      { numRuns: 60 },
    )
  })
})

describe('requests from hell', () => {
  it('do not stop the emulator', async () => {
    await using emulator = await startEmulator()
    const requests = [
      'this is not HTTP\r\n\r\n',
      Buffer.from([0, 255, 1, 254]),
      'GET / HTTP/1.1\r\n\r\n',
      'GET /bucket/k HTTP/1.1\r\nHost: localhost\r\n__proto__: x\r\nconstructor: y\r\n\r\n',
      'PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
      'PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
      'PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'PUT /bucket/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      `GET /bucket/${'k'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n',
      'GET /bucket/k HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /bucket/k?%ff=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ]
    for (const request of requests) await sendBytes(emulator, request)
    assert.equal((await send(emulator, { method: 'PUT', key: 'k', body: 'alive' })).status, 200)
  })

  it('in XML with entities, documents types or great depth are refused', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    const deep = '<a>'.repeat(20_000) + '</a>'.repeat(20_000)
    for (const body of [
      '<!DOCTYPE x [<!ENTITY e "boom">]><CompleteMultipartUpload>&e;</CompleteMultipartUpload>',
      `<CompleteMultipartUpload>${deep}</CompleteMultipartUpload>`,
      '\0'.repeat(100),
    ]) {
      const answer = await send(emulator, { method: 'POST', key: 'k', query: [['uploadId', uploadId]], body })
      assert.equal(codeOf(answer), 'MalformedXML')
    }
    const part = await uploadPart(emulator, 'k', uploadId, 1, 'x')
    const parts = [{ partNumber: 1, etag: String(part.headers['etag']) }]
    assert.equal((await complete(emulator, 'k', uploadId, parts)).status, 200)
  })

  it('with a document that is too large are refused', async () => {
    await using emulator = await startEmulator()
    const uploadId = await initiate(emulator, 'k')
    const body = Buffer.alloc(9 * 1024 * 1024, ' ')
    const answer = await send(emulator, { method: 'POST', key: 'k', query: [['uploadId', uploadId]], body })
    assert.equal(codeOf(answer), 'EntityTooLarge')
  })
})
