import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import type { UploadError, UploadOptions } from '../../src/index.js'
import { someBytes } from '../support/bytes.js'
import { embeddedStore, exists } from '../support/embedded-store.js'

const PART = 100 * 1024
const BODIES = [
  ['a single request', someBytes(1000)],
  ['parts', someBytes(2 * PART + 1)],
] as const

const OPTIONS: UploadOptions = {
  contentType: 'application/sql; charset=utf-8',
  metadata: { Database: 'app', 'dumped-by': 'pg_dump 15' },
  headers: {
    'Cache-Control': 'no-cache',
    'Content-Disposition': 'attachment; filename="app.sql"',
    'Content-Encoding': 'gzip',
    Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
  },
  storageClass: 'IA',
  acl: 'public-read',
  tagging: { team: 'data & more', 'kept for': '30 days' },
  serverSideEncryption: 'AES256',
  trafficLimit: 838_860_800,
  contentMd5: true,
}

/** A server that answers callbacks, and what it was asked. */
async function callbackServer(
  t: TestContext,
  status: number,
  answer: string,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      asked.push(body)
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/stored`, asked }
}

describe('what an object is to be', () => {
  for (const [how, bytes] of BODIES) {
    it(`is seen on an object sent as ${how}`, async (t) => {
      const { emulator, store } = await embeddedStore(t)
      const upload = store.createUploadStream('k', { ...OPTIONS, partSize: PART })
      upload.end(bytes)
      await upload.done
      const { contentType, metadata, headers } = await store.head('k')
      assert.equal(contentType, OPTIONS.contentType)
      assert.deepEqual(metadata, { database: 'app', 'dumped-by': 'pg_dump 15' })
      const expected = {
        'cache-control': 'no-cache',
        'content-disposition': 'attachment; filename="app.sql"',
        'content-encoding': 'gzip',
        expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
        'x-oss-storage-class': 'IA',
        'x-oss-server-side-encryption': 'AES256',
        'x-oss-tagging-count': '2',
      }
      for (const [name, value] of Object.entries(expected)) assert.equal(headers[name], value, name)

      const withAcl = emulator.requests.filter((request) => 'x-oss-object-acl' in request.headers)
      const published = bytes.length > PART ? 'CompleteMultipartUpload' : 'PutObject'
      assert.deepEqual(
        withAcl.map(({ operation }) => operation),
        [published],
      )
    })

    it(`has its callback answered when it is sent as ${how}`, async (t) => {
      const { store } = await embeddedStore(t)
      const { url, asked } = await callbackServer(t, 200, '{"row":7}')
      const upload = store.createUploadStream('a key', {
        partSize: PART,
        callback: {
          url,
          body: 'bucket=${bucket}&object=${object}&size=${size}&job=${x:job}',
          variables: { job: 'nightly' },
        },
      })
      upload.end(bytes)
      assert.deepEqual((await upload.done).callback, { row: 7 })
      assert.deepEqual(asked, [`bucket=test-bucket&object=a%20key&size=${bytes.length}&job=nightly`])
    })

    it(`is stored all the same when its callback fails and it is sent as ${how}`, async (t) => {
      const { store } = await embeddedStore(t)
      const { url } = await callbackServer(t, 500, '{}')
      const upload = store.createUploadStream('k', { partSize: PART, callback: { url, body: 'size=${size}' } })
      upload.on('error', () => undefined)
      upload.end(bytes)
      await assert.rejects(upload.done, ({ code, status, ec, message }: UploadError) => {
        assert.deepEqual({ code, status, ec }, { code: 'CALLBACK_FAILED', status: 203, ec: '0007-00000203' })
        assert.match(message, /the object is stored/)
        return true
      })
      assert.equal(await exists(store, 'k'), true)
    })
  }
})
