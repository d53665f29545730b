/** What an object is to be: asked for with an upload of any kind, and seen on the object afterwards. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startEmulator, type Emulator } from '../../src/emulator/index.js'
import {
  type ObjectOptions,
  type ObjectStore,
  openStore,
  type StoredObject,
  type StoreOptions,
  type ToldEncryption,
  type UploadError,
} from '../../src/index.js'
import { startApplicationServer } from '../support/application-server.js'
import { someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import { uploadError } from '../support/errors.js'
import { type RawRequest, send, xmlOf } from '../support/signed-request.js'

const KIB = 1024
const MIB = 1024 ** 2

interface Service {
  name: string
  store: StoreOptions
  partSize: number
  /** How to ask the emulator for what the library does not read. */
  signature: NonNullable<RawRequest['signature']>
  options: ObjectOptions
  encryption: ToldEncryption
  callback: 'with variables' | 'without variables' | 'none'
}

const COMMON: ObjectOptions = {
  contentType: 'application/sql; charset=utf-8',
  metadata: { Database: 'app', 'dumped-by': 'pg_dump 15' },
  headers: {
    'Cache-Control': 'no-cache',
    'Content-Disposition': 'attachment; filename="app.sql"',
    'Content-Encoding': 'gzip',
    'Content-Language': 'en',
    Expires: 'Wed, 21 Oct 2026 07:28:00 GMT',
  },
  acl: 'public-read',
  tagging: { team: 'data & more', 'kept for': '30 days', é: '' },
  contentMd5: true,
}

const SERVICES: Service[] = [
  ...([4, 1] as const).map((signatureVersion): Service => ({
    name: `OSS with signature ${signatureVersion}`,
    store: { signatureVersion },
    partSize: 100 * KIB,
    signature: 'v4',
    options: {
      ...COMMON,
      storageClass: 'IA',
      serverSideEncryption: { algorithm: 'KMS', keyId: 'a-key', dataEncryption: 'SM4' },
      trafficLimit: 838_860_800,
    },
    encryption: { algorithm: 'KMS', keyId: 'a-key', dataEncryption: 'SM4' },
    callback: 'with variables',
  })),
  ...(['obs', 'v2', 'v4'] as const).map((signatureVersion): Service => ({
    name: `OBS with signature ${signatureVersion}`,
    store: { provider: 'obs', signatureVersion },
    partSize: 100 * KIB,
    signature: 'obs',
    options: {
      ...COMMON,
      storageClass: 'WARM',
      serverSideEncryption: {
        algorithm: 'kms',
        keyId: 'a-key',
        ...(signatureVersion === 'obs' ? { dataEncryption: 'SM4' } : {}),
      },
      trafficLimit: 838_860_800,
      expireAfterDays: 3,
    },
    encryption: { algorithm: 'kms', keyId: 'a-key', ...(signatureVersion === 'obs' ? { dataEncryption: 'SM4' } : {}) },
    callback: 'without variables',
  })),
  {
    name: 'S3',
    store: { provider: 's3' },
    partSize: 5 * MIB,
    signature: 's3',
    options: {
      ...COMMON,
      storageClass: 'STANDARD_IA',
      serverSideEncryption: { algorithm: 'aws:kms', keyId: 'a-key' },
    },
    encryption: { algorithm: 'aws:kms', keyId: 'a-key' },
    callback: 'none',
  },
]

type Sent = Pick<StoredObject, 'callback'> & { size: number }
type Sender = (store: ObjectStore, partSize: number, options: ObjectOptions) => Promise<Sent>

const whole: Sender = async (store, partSize, options) => {
  const upload = store.createUploadStream('a key', { ...options, partSize })
  upload.on('error', () => undefined).end(someBytes(1000))
  return upload.done
}

const inParts: Sender = async (store, partSize, options) => {
  const upload = store.createUploadStream('a key', { ...options, partSize })
  upload.on('error', () => undefined).end(someBytes(partSize + 1))
  return upload.done
}

/** Each call gets the options that it takes. */
const lowLevel: Sender = async (store, partSize, options) => {
  const { contentMd5, trafficLimit, acl, callback } = options
  const address = { key: 'a key', uploadId: await store.initiateMultipartUpload('a key', options) }
  const part = await store.uploadPart(address, 1, someBytes(partSize), { contentMd5, trafficLimit })
  const stored = await store.completeMultipartUpload(address, [part], { acl, callback })
  return { size: partSize, ...stored }
}

const SENDERS: [how: string, send: Sender][] = [
  ['a single request', whole],
  ['parts', inParts],
  ['low-level calls', lowLevel],
]

async function start(t: TestContext, { store }: Service): Promise<{ emulator: Emulator; store: ObjectStore }> {
  // Requests that are signed as AWS signs are for the first of the providers.
  const emulator = await startEmulator({ providers: [store.provider ?? 'oss'] })
  const { region, endpoint, credentials } = emulator
  const opened = openStore({ bucket: 'bucket', region, endpoint, credentials, ...store })
  t.after(async () => {
    await opened.close()
    await emulator.close()
  })
  return { emulator, store: opened }
}

for (const service of SERVICES) {
  const { partSize, options, encryption } = service

  describe(`the options of an object on ${service.name}`, () => {
    for (const [how, sendObject] of SENDERS) {
      it(`is seen on it, sent as ${how}`, async (t) => {
        const { emulator, store } = await start(t, service)
        await sendObject(store, partSize, options)
        const { contentType, metadata, headers, ...head } = await store.head('a key')
        assert.equal(contentType, options.contentType)
        assert.deepEqual(metadata, { database: 'app', 'dumped-by': 'pg_dump 15' })
        for (const [name, value] of Object.entries(options.headers ?? {}))
          assert.equal(headers[name.toLowerCase()], value, name)
        assert.equal(head.storageClass, options.storageClass)
        assert.deepEqual(head.serverSideEncryption, encryption)
        assert.equal(head.tagCount, 3)
        if (options.expireAfterDays !== undefined) {
          const expiration = Object.entries(headers).find(([name]) => name.endsWith('-expiration'))?.[1] ?? ''
          const date = Date.parse(/"(.*)"/.exec(expiration)?.[1] ?? '')
          assert.ok(Math.abs(date - Date.now() - options.expireAfterDays * 86_400_000) < 300_000, expiration)
        }
        // With its body comes the same.
        const { body, ...read } = await store.get('a key')
        body.destroy()
        assert.deepEqual(read.serverSideEncryption, encryption)

        const ask = async (subResource: string) => {
          const { signature } = service
          return xmlOf(await send(emulator, { key: 'a key', query: [[subResource, '']], signature }))
        }
        const tags = (await ask('tagging')).child('TagSet')?.children('Tag') ?? []
        assert.deepEqual(
          Object.fromEntries(tags.map((tag) => [tag.text('Key'), tag.text('Value') ?? ''])),
          options.tagging,
        )
        const list = (await ask('acl')).child('AccessControlList')
        // OSS names the canned ACL, the others list what it grants.
        const permissions = list?.children('Grant').map((grant) => grant.text('Permission'))
        if (store.provider === 'oss') assert.equal(list?.text('Grant'), 'public-read')
        else assert.deepEqual(permissions, ['FULL_CONTROL', 'READ'])
      })
    }

    it('is nothing in particular where nothing was said', async (t) => {
      const { store } = await start(t, service)
      await whole(store, partSize, {})
      const { contentType, metadata, serverSideEncryption, tagCount } = await store.head('a key')
      assert.equal(contentType, 'application/octet-stream')
      assert.deepEqual([metadata, serverSideEncryption, tagCount], [{}, undefined, undefined])
    })

    if (service.callback === 'none') return
    const hasVariables = service.callback === 'with variables'
    for (const [how, sendObject] of SENDERS) {
      it(`may be reported to a server, whose response is in the result, sent as ${how}`, async (t) => {
        const { store } = await start(t, service)
        await using server = await startApplicationServer((_callback, response) => response.end('{"row":7}'))
        const { size, callback } = await sendObject(store, partSize, {
          callback: {
            url: server.url,
            host: 'app.example.com',
            body: hasVariables
              ? '{"bucket":${bucket},"object":${object},"size":${size},"job":${x:job}}'
              : '{"bucket":$(bucket),"object":$(key),"size":$(fsize)}',
            bodyType: 'application/json',
            ...(hasVariables ? { variables: { job: 'nightly "1"' } } : {}),
          },
        })
        assert.deepEqual(callback, { row: 7 })
        const [received, ...others] = server.received
        assert.deepEqual(others, [])
        assert.equal(received?.headers.host, 'app.example.com')
        assert.equal(received.headers['content-type'], 'application/json')
        const expected = { bucket: 'bucket', object: 'a key', size }
        assert.deepEqual(JSON.parse(received.body), hasVariables ? { ...expected, job: 'nightly "1"' } : expected)
      })

      it(`is stored all the same where that server fails, sent as ${how}`, async (t) => {
        const { store } = await start(t, service)
        await using server = await startApplicationServer((_callback, response) => response.writeHead(500).end('{}'))
        const callback = { url: server.url, body: 'stored' }
        await assert.rejects(sendObject(store, partSize, { callback }), (error) => {
          uploadError('CALLBACK_FAILED', 'the object is stored')(error)
          const { status, ec, retryable } = error as UploadError
          assert.deepEqual([status, retryable], [203, false])
          if (store.provider === 'oss') assert.equal(ec, '0007-00000203')
          return true
        })
        assert.equal(server.received.length, 1)
        assert.equal(await exists(store, 'a key'), true)
        assert.equal((await store.listMultipartUploads().next()).done, true)
      })
    }
  })
}
