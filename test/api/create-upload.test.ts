import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import { createUploadStream, createUploadTransform, type ObjectStore } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, unfinishedUploads } from '../support/emulated-store.js'
import { setEnvironment } from '../support/environment.js'
import { environmentOf } from '../support/examples.js'
import { assertRefused } from '../support/refusal.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'

const PART = 100 * 1024

const ACCEPTED =
  'oss://bucket/key, obs://bucket/key, s3://bucket/key, or a key when the bucket comes from the store or the environment'

const REFUSED_TARGETS: [target: unknown, ...texts: string[]][] = [
  ['', 'target ', "(got '')", ACCEPTED],
  [5, 'target ', '(got 5)', ACCEPTED],
  [undefined, 'target ', '(got undefined)', ACCEPTED],
  ['oss://', 'target ', "(got 'oss://')", ACCEPTED],
  ['oss://test-bucket', 'target ', "(got 'oss://test-bucket')", ACCEPTED],
  ['oss://test-bucket/', 'target ', "(got 'oss://test-bucket/')", ACCEPTED],
  ['oss:///key', 'bucket ', "(got '')"],
  ['oss://Test/key', 'bucket ', "(got 'Test')", '3 to 63 of a-z'],
  ['oss://test-bucket//key', 'key ', "(got '/key')", 'do not start with /'],
  ['/key', 'key ', "(got '/key')", 'do not start with /'],
  ['gs://test-bucket/key', 'target ', "(got 'gs://test-bucket/key')", ACCEPTED],
  ['https://test-bucket.oss-cn-hangzhou.aliyuncs.com/key', 'target ', "(got 'https://test-bucket", ACCEPTED],
]

async function environmentStore(t: TestContext): Promise<{ emulator: Emulator; store: ObjectStore }> {
  const { emulator, store } = await emulatedStore(t)
  setEnvironment(t, environmentOf(emulator))
  return { emulator, store }
}

describe('createUploadStream', () => {
  it('stores under a target of bucket and key, with the rest from the environment', async (t) => {
    const { emulator, open } = await emulatedStore(t)
    setEnvironment(t, environmentOf(emulator))
    const bytes = someBytes(3 * PART)
    const upload = createUploadStream('oss://second-bucket/dir/a b%20ü.bin', { partSize: PART })
    await pipeline(Readable.from([bytes]), upload)
    const { bucket, key, location } = await upload.done
    assert.deepEqual({ bucket, key }, { bucket: 'second-bucket', key: 'dir/a b%20ü.bin' })
    assert.equal(location, `${emulator.endpoint}/second-bucket/dir/a%20b%2520%C3%BC.bin`)
    const { body } = await open({ bucket: 'second-bucket' }).get('dir/a b%20ü.bin')
    assert.equal(Buffer.compare(await readAll(body), bytes), 0)
  })

  it('stores under a key alone in the bucket of the environment', async (t) => {
    const { store } = await environmentStore(t)
    const upload = createUploadStream('key')
    upload.end('hello')
    assert.equal((await upload.done).bucket, 'test-bucket')
    assert.equal((await store.head('key')).size, 5)
  })

  for (const target of ['key', 'oss://test-bucket/key']) {
    it(`stores ${target} in the store that is given`, async (t) => {
      setEnvironment(t, {})
      const { store } = await emulatedStore(t)
      const upload = createUploadStream(target, { store, contentType: 'text/plain' })
      upload.end('hello')
      await upload.done
      assert.equal((await store.head('key')).contentType, 'text/plain')
    })
  }

  it('closes the store that it made, and no other', async (t) => {
    const { emulator, store } = await environmentStore(t)
    const upload = createUploadStream('key')
    upload.end('hello')
    await upload.done
    await until(() => emulator.openConnections === 0)
    const further = createUploadStream('key', { store })
    further.end('hello')
    await further.done
    assert.equal((await store.head('key')).size, 5)
  })

  it('refuses an invalid target, before anything is sent', async (t) => {
    const { emulator } = await environmentStore(t)
    for (const create of [createUploadStream, createUploadTransform]) {
      for (const [target, ...texts] of REFUSED_TARGETS) await assertRefused(() => create(target as string), texts)
    }
    assert.deepEqual(emulator.requests, [])
  })

  it('refuses a store that is none, another bucket than the store has, and options that there are not', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    setEnvironment(t, {})
    const create = createUploadStream as (target: string, options?: unknown) => unknown
    await assertRefused(() => create('key', { store: {} }), ['store ', '(got {})', 'a store from openStore()'])
    await assertRefused(() => create('key', { store: null }), ['store ', '(got null)', 'a store from openStore()'])
    const another = () => create('oss://another/key', { store })
    await assertRefused(another, ['target ', "(got 'oss://another/key')", 'the bucket of the store, oss://test-bucket'])
    await assertRefused(() => create('key', null), ['options ', '(got null)', 'an object'])
    await assertRefused(() => create('key', { store, region: 'x' }), ["an upload has no option 'region'", 'partSize'])
    assert.deepEqual(emulator.requests, [])
  })

  it('says what is missing from target, options and environment', async (t) => {
    setEnvironment(t, {})
    await assertRefused(() => createUploadStream('key'), ['bucket ', '(got undefined)', 'OSS_BUCKET'])
    const create = () => createUploadStream('oss://test-bucket/key')
    await assertRefused(create, ['OSS_ACCESS_KEY_ID is missing', 'option credentials'], 'MISSING_CREDENTIALS')
    setEnvironment(t, { OSS_ACCESS_KEY_ID: 'id', OSS_ACCESS_KEY_SECRET: 'secret' })
    await assertRefused(create, ['region is missing', 'OSS_REGION'])
  })
})

describe('createUploadTransform', () => {
  it('gives on what it stores, under a target from the environment', async (t) => {
    const { store } = await environmentStore(t)
    const copy = path.join(await temporaryFolder(t), 'copy')
    const bytes = someBytes(3 * PART)
    const upload = createUploadTransform('oss://test-bucket/key', { partSize: PART })
    await pipeline(Readable.from([bytes]), upload, createWriteStream(copy))
    assert.equal((await upload.done).parts, 3)
    assert.equal(Buffer.compare(await readFile(copy), bytes), 0)
    assert.equal(Buffer.compare(await readAll((await store.get('key')).body), bytes), 0)
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
