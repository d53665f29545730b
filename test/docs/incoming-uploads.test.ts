/** The servers of the guide, run: what a client sends is stored, and half of it is not. */
import assert from 'node:assert/strict'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import http2, { type Http2ServerRequest } from 'node:http2'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import express from 'express'
import ts from 'typescript'
import { readAll, someBytes } from '../support/bytes.js'
import { type EmulatedStore, emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { setEnvironment } from '../support/environment.js'
import { environmentOf } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'
import { PROJECT } from '../support/project.js'
import { codeBlocksOf, readDocument } from './documents.js'

/** The guide accepts more than a test would send. */
const MAX_SIZE = 'maxSize = 5 * 1024 ** 3'
const ACCEPTED = 10_000_000

interface Guide extends EmulatedStore {
  load: (name: string) => Promise<Record<string, unknown>>
}

/** The guide's files as modules, beside the packages that they name. */
async function guide(t: TestContext): Promise<Guide> {
  const emulated = await emulatedStore(t)
  setEnvironment(t, environmentOf(emulated.emulator))
  const folder = await temporaryFolder(t)
  await mkdir(path.join(folder, 'node_modules'))
  await symlink(PROJECT, path.join(folder, 'node_modules', 'oss-upload-stream'))
  for (const name of ['express', 'fastify', 'busboy']) {
    await symlink(path.join(PROJECT, 'node_modules', name), path.join(folder, 'node_modules', name))
  }
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }')
  const pages = ['docs/guides/incoming-uploads.md', 'docs/guides/frameworks.md']
  for (const { language, name, text } of pages.flatMap((page) => codeBlocksOf(readDocument(page)))) {
    if (language !== 'ts' || name === undefined) continue
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, esModuleInterop: true }
    const { outputText } = ts.transpileModule(text.replace(MAX_SIZE, `maxSize = ${ACCEPTED}`), { compilerOptions })
    await writeFile(path.join(folder, name.replace(/ts$/, 'js')), outputText)
  }
  const load = (name: string) => import(pathToFileURL(path.join(folder, name)).href) as Promise<Record<string, unknown>>
  const { store } = (await load('receive.js')) as { store: { close: () => Promise<void> } }
  t.after(() => store.close())
  return { ...emulated, load }
}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    // A server of HTTP/2 has no such call: its sessions are closed by their clients.
    if ('closeAllConnections' in server) server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A server under test: stores a whole body, and nothing of one that is too large or breaks off. */
async function assertReceives({ store }: EmulatedStore, port: number, target: string, key: string): Promise<void> {
  const bytes = someBytes(9_000_000)
  const response = await fetch(`http://127.0.0.1:${port}${target}`, { method: 'PUT', body: bytes })
  const { size, crc64 } = (await response.json()) as { size: number; crc64: string }
  assert.equal(response.status, 201)
  const stored = await store.get(key)
  assert.deepEqual({ size, crc64 }, { size: stored.size, crc64: stored.crc64 })
  assert.ok((await readAll(stored.body)).equals(Buffer.from(bytes)))

  await store.delete(key)
  const tooLarge = await fetch(`http://127.0.0.1:${port}${target}`, { method: 'PUT', body: someBytes(ACCEPTED + 1) })
  assert.equal(tooLarge.status, 413)
  assert.equal(await exists(store, key), false)

  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`PUT ${target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9500000\r\n\r\n`)
  socket.write(bytes)
  await until(async () => (await unfinishedUploads(store)).length > 0)
  socket.destroy()
  await until(async () => (await unfinishedUploads(store)).length === 0)
  assert.equal(await exists(store, key), false)
}

describe('the servers of the guide on incoming uploads', () => {
  it('store what a client of node:http sends', async (t) => {
    const { load, ...emulated } = await guide(t)
    const { server } = (await load('server.js')) as { server: Server }
    await assertReceives(emulated, await listen(t, server), '/photos/a.jpg', 'photos/a.jpg')
  })

  for (const [name, call] of [
    ['receive.js', 'receive'],
    ['compressed.js', 'receiveCompressed'],
  ] as const) {
    it(`publish no cancelled HTTP/2 request: ${call}()`, async (t) => {
      const { load, store } = await guide(t)
      const module = await load(name)
      const receive = module[call] as (request: Http2ServerRequest, key: string) => Promise<unknown>
      const outcomes = new Map<string, Promise<unknown>>()
      const server = http2.createServer((request, response) => {
        const outcome = receive(request, request.url.slice(1))
        outcomes.set(
          request.url.slice(1),
          outcome.catch((error: unknown) => error),
        )
        void outcome.then(
          () => response.end('stored'),
          () => undefined,
        )
      })
      const port = await listen(t, server as unknown as Server)
      const cancels: Record<string, (stream: http2.ClientHttp2Stream, session: http2.ClientHttp2Session) => void> = {
        close: (stream) => {
          stream.close(http2.constants.NGHTTP2_CANCEL)
        },
        destroy: (stream) => void stream.destroy(),
        session: (_stream, session) => {
          session.destroy()
        },
      }
      for (const [how, cancel] of Object.entries(cancels)) {
        for (const size of [10, 70_000, 1_000_000]) {
          for (const delayMs of [0, 1, 20]) {
            const key = `${how}-${size}-${delayMs}`
            const session = http2.connect(`http://127.0.0.1:${port}`).on('error', () => undefined)
            const stream = session.request({ ':method': 'POST', ':path': `/${key}` }).on('error', () => undefined)
            await new Promise((resolve) => stream.write(someBytes(size), resolve))
            await until(() => outcomes.has(key))
            await setTimeout(delayMs)
            cancel(stream, session)
            assert.ok((await outcomes.get(key)) instanceof Error, `${key} was published`)
            assert.equal(await exists(store, key), false)
            session.destroy()
          }
        }
      }
      const session = http2.connect(`http://127.0.0.1:${port}`)
      t.after(() => session.close())
      const whole = session.request({ ':method': 'POST', ':path': '/whole' })
      whole.end(someBytes(70_000))
      assert.equal(await text(whole), 'stored')
      assert.equal(await exists(store, 'whole'), true)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('store what a client of Express sends', async (t) => {
    const { load, ...emulated } = await guide(t)
    const { app } = (await load('express.js')) as { app: Parameters<typeof createServer>[1] }
    await assertReceives(emulated, await listen(t, createServer(app)), '/files/a.jpg', 'files/a.jpg')
  })

  it('store what a client of Fastify sends', async (t) => {
    const { load, ...emulated } = await guide(t)
    const { app } = (await load('fastify.js')) as {
      app: { listen: (where: object) => Promise<string>; close: () => Promise<void>; server: Server }
    }
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    await assertReceives(emulated, (app.server.address() as AddressInfo).port, '/files/a.jpg', 'files/a.jpg')
  })

  it('refuse a body that a parser of Express has read, and store an empty one', async (t) => {
    const { load, store } = await guide(t)
    const { app } = (await load('express.js')) as { app: express.Express }
    const parsing = express().use(express.json(), express.urlencoded(), app)
    const port = await listen(t, createServer(parsing))
    const send = (body: string, type: string) =>
      fetch(`http://127.0.0.1:${port}/files/a`, { method: 'PUT', headers: { 'content-type': type }, body })
    for (const [body, type] of [
      ['{"a":1}', 'application/json'],
      ['a=1', 'application/x-www-form-urlencoded'],
    ] as const) {
      assert.equal((await send(body, type)).status, 400)
      assert.equal(await exists(store, 'files/a'), false)
    }
    assert.equal((await send('', 'application/json')).status, 201)
    assert.equal((await store.head('files/a')).size, 0)
  })

  it('store the body of a Request, and nothing of one that breaks off', async (t) => {
    const { load, store } = await guide(t)
    const { PUT } = (await load('request.js')) as { PUT: (request: Request) => Promise<Response> }
    const bytes = someBytes(9_000_000)
    const request = (body: Uint8Array | ReadableStream) =>
      new Request('http://localhost/photos/b.jpg', { method: 'PUT', body, duplex: 'half' })
    const response = await PUT(request(bytes))
    assert.equal(response.status, 201)
    assert.ok((await readAll((await store.get('photos/b.jpg')).body)).equals(Buffer.from(bytes)))

    await store.delete('photos/b.jpg')
    assert.equal((await PUT(request(someBytes(ACCEPTED + 1)))).status, 413)
    const broken = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes)
        controller.error(new Error('the client went away'))
      },
    })
    await assert.rejects(PUT(request(broken)), /the client went away/)
    assert.equal(await exists(store, 'photos/b.jpg'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('store the files of a form', async (t) => {
    const { load, store } = await guide(t)
    const { receiveForm } = (await load('forms.js')) as {
      receiveForm: (request: IncomingMessage, prefix: string) => Promise<{ key: string; size: number }[]>
    }
    const server = createServer((request, response) => {
      void receiveForm(request, 'forms').then(
        (results) => response.end(JSON.stringify(results)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    })
    const port = await listen(t, server)
    const form = new FormData()
    const files = [someBytes(100), someBytes(9_000_000)]
    for (const bytes of files) form.append('file', new Blob([bytes], { type: 'image/jpeg' }), 'a.jpg')
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: form })
    const results = (await response.json()) as { key: string; size: number }[]
    assert.equal(results.length, files.length)
    for (const [index, { key }] of results.entries()) {
      const { body, contentType } = await store.get(key)
      assert.equal(contentType, 'image/jpeg')
      assert.ok((await readAll(body)).equals(Buffer.from(files[index]!)))
    }
  })
})
