/** What is read is one object, as it is stored: not another version, nor what something on the way made of it. */
import assert from 'node:assert/strict'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { type DownloadStream, type ObjectStore, openStore } from '../../src/index.js'
import { KiB } from '../../src/shared/byte-size.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { uploadError } from '../support/errors.js'
import { httpServer } from '../support/http-server.js'
import { CREDENTIALS, crc64Of } from '../support/scripted-service.js'

const RANGE = 64 * KiB
const BYTES = someBytes(5 * RANGE + 1000)

/** What one response is made of. */
interface Served {
  bytes: Buffer
  headers?: OutgoingHttpHeaders
  /** What becomes of the body on the way; with `isChunked` its length is not said. */
  transform?: (body: Buffer) => Buffer
  isChunked?: boolean
}

interface Asked {
  /** Requests before this one. */
  index: number
  query: URLSearchParams
  headers: IncomingHttpHeaders
}

/** A store whose service answers ranges as `serve` says. */
async function serving(t: TestContext, serve: (asked: Asked) => Served): Promise<ObjectStore> {
  let count = 0
  const endpoint = await httpServer(t, ({ url = '', headers }, response) => {
    const query = new URL(url, 'http://host').searchParams
    const { bytes, headers: more = {}, transform, isChunked } = serve({ index: count++, query, headers })
    const [, first = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    const start = Number(first)
    const end = Math.min(Number(last) + 1, bytes.length)
    const part = bytes.subarray(start, end)
    const body = transform?.(part) ?? part
    response.writeHead(206, {
      etag: '"the same"',
      'x-oss-request-id': 'R',
      'x-oss-hash-crc64ecma': formatCrc64(crc64Of(bytes)),
      'content-range': `bytes ${start}-${end - 1}/${bytes.length}`,
      ...(isChunked === true ? {} : { 'content-length': body.length }),
      ...more,
    })
    response.end(body)
  })
  const retry = { maxAttempts: 2, baseDelayMs: 0 }
  const store = openStore({ bucket: 'test-bucket', region: 'cn-test', endpoint, credentials: CREDENTIALS, retry })
  t.after(() => store.close())
  return store
}

const open = (store: ObjectStore, more: { versionId?: string; range?: { start: number } } = {}): DownloadStream =>
  store.createDownloadStream('a', { partSize: RANGE, concurrency: 2, ...more })

describe('a download of a version', () => {
  it('requests that version with every range, and reports it', async (t) => {
    const versions: (string | null)[] = []
    const old = someBytes(BYTES.length, 2)
    const store = await serving(t, ({ query }) => {
      const versionId = query.get('versionId')
      versions.push(versionId)
      const headers = { 'x-oss-version-id': versionId ?? 'new' }
      return { bytes: versionId === 'old/1' ? old : BYTES, headers }
    })
    const download = open(store, { versionId: 'old/1' })
    assert.ok(old.equals(await readAll(download)))
    assert.deepEqual(versions, Array(6).fill('old/1'))
    assert.equal((await download.done).versionId, 'old/1')
    const current = open(store)
    assert.ok(BYTES.equals(await readAll(current)))
    assert.equal((await current.done).versionId, 'new')
    assert.deepEqual(versions.slice(6), Array(6).fill(null))
  })
})

describe('an object that is replaced by one with the same ETag while it is read', () => {
  it('is read whole where the bytes are the same', async (t) => {
    const { store } = await emulatedStore(t)
    await store.upload('a', BYTES)
    const { lastModified } = await store.head('a')
    const download = open(store)
    const chunks: Buffer[] = []
    for await (const chunk of download as AsyncIterable<Buffer>) {
      while (chunks.length === 0 && (await store.head('a')).lastModified?.getTime() === lastModified?.getTime()) {
        await store.upload('a', BYTES)
      }
      chunks.push(chunk)
    }
    assert.ok(BYTES.equals(Buffer.concat(chunks)))
    assert.equal((await download.done).verified, 'crc64')
  })

  it('is SOURCE_CHANGED where the version is another one', async (t) => {
    const store = await serving(t, ({ index }) => ({
      bytes: BYTES,
      headers: { 'x-oss-version-id': index < 3 ? 'first' : 'second' },
    }))
    await assert.rejects(readAll(open(store)), uploadError('SOURCE_CHANGED', '"a" was replaced'))
  })

  it('is CHECKSUM_MISMATCH where the bytes are others, and does not end', async (t) => {
    const other = someBytes(BYTES.length, 3)
    const store = await serving(t, ({ index }) => ({
      bytes: index < 3 ? BYTES : other,
      headers: { 'last-modified': new Date(index < 3 ? 0 : 1e12).toUTCString() },
    }))
    await assert.rejects(readAll(open(store)), uploadError('CHECKSUM_MISMATCH'))
  })
})

describe('a response that a proxy has compressed', () => {
  const gzipped = { 'content-encoding': 'gzip' }
  // Those that compress well become shorter than the range, the others longer.
  const contents = { 'of bytes that repeat': Buffer.alloc(BYTES.length, 'abc'), 'of random bytes': BYTES }
  for (const [what, bytes] of Object.entries(contents)) {
    for (const isChunked of [false, true]) {
      const how = `${what}, ${isChunked ? 'in chunks' : 'with its length'}`
      it(`is found out before a byte of it is taken: ${how}`, async (t) => {
        for (const first of [0, 2]) {
          const store = await serving(t, ({ index }) =>
            index < first ? { bytes } : { bytes, isChunked, headers: gzipped, transform: (body) => gzipSync(body) },
          )
          // Nothing but its size says whether a range is right.
          for (const range of [undefined, { start: 0 }]) {
            const chunks: Buffer[] = []
            const read = async (): Promise<void> => {
              const download = open(store, range === undefined ? {} : { range })
              for await (const chunk of download as AsyncIterable<Buffer>) chunks.push(chunk)
            }
            await assert.rejects(read, uploadError('BAD_ANSWER'))
            const found = Buffer.concat(chunks)
            assert.ok(bytes.subarray(0, found.length).equals(found), 'compressed bytes were handed on')
          }
        }
      })
    }
  }

  it('is not one of an object that is stored compressed, whose bytes are handed on as they are', async (t) => {
    const bytes = gzipSync(BYTES)
    const store = await serving(t, () => ({ bytes, headers: gzipped }))
    assert.ok(bytes.equals(await readAll(open(store))))
  })
})
