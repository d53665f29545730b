/** A bucket whose requester pays, or that must belong to a certain account: every request has to say so. */
import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it, type TestContext } from 'node:test'
import { type Emulator, startEmulator } from '../../src/emulator/index.js'
import { type ObjectOptions, type ObjectStore, openStore, type StoreOptions } from '../../src/index.js'
import { assertRefused } from '../support/refusal.js'
import { MemoryCheckpoint } from '../support/memory-checkpoint.js'

const MIB = 1024 ** 2
const OWNER = '111122223333'
const CONTENT = Buffer.alloc(11 * MIB, 'content')

interface Case {
  name: string
  store: StoreOptions
  upload: ObjectOptions
}

const CASES: readonly Case[] = [
  { name: 'OSS', store: { requestPayer: 'requester' }, upload: {} },
  { name: 'OSS, by raw headers', store: {}, upload: { headers: { 'x-oss-request-payer': 'requester' } } },
  { name: 'OBS', store: { provider: 'obs', requestPayer: 'requester' }, upload: {} },
  {
    name: 'OBS, by raw headers',
    store: { provider: 'obs' },
    upload: { headers: { 'x-obs-request-payer': 'requester' } },
  },
  { name: 'S3', store: { provider: 's3', requestPayer: 'requester', expectedBucketOwner: OWNER }, upload: {} },
  {
    name: 'S3, by raw headers',
    store: { provider: 's3' },
    upload: { headers: { 'x-amz-request-payer': 'requester', 'x-amz-expected-bucket-owner': OWNER } },
  },
]

async function open(t: TestContext, options: StoreOptions): Promise<{ emulator: Emulator; store: ObjectStore }> {
  const emulator = await startEmulator({ requesterPays: true, bucketOwner: OWNER })
  const { region, endpoint, credentials } = emulator
  const retry = { maxAttempts: 1 }
  const store = openStore({ bucket: 'test-bucket', region, endpoint, credentials, retry, ...options })
  t.after(async () => {
    await store.close()
    await emulator.close()
  })
  return { emulator, store }
}

describe('requests on a bucket whose requester pays', () => {
  for (const { name, store: storeOptions, upload } of CASES) {
    it(`all say so on ${name}: a failed upload is cleaned up, a kept one is resumed`, async (t) => {
      const { emulator, store } = await open(t, storeOptions)
      const options = { ...upload, partSize: 5 * MIB, concurrency: 1 }
      const failSecondPart = (): void =>
        emulator.faults.inject({
          match: { partNumber: 2 },
          action: { type: 'error', status: 400, code: 'InvalidArgument' },
        })

      failSecondPart()
      await assert.rejects(store.upload('cleaned-up', CONTENT, options), { code: 'REJECTED' })
      assert.equal(emulator.requests.at(-1)?.operation, 'AbortMultipartUpload')
      assert.equal(emulator.requests.at(-1)?.status, 204)

      const checkpoint = new MemoryCheckpoint()
      emulator.faults.inject({
        match: { partNumber: 2 },
        action: { type: 'error', status: 500, code: 'InternalError' },
      })
      await assert.rejects(store.upload('resumed', CONTENT, { ...options, checkpoint }), { code: 'SERVICE_FAILED' })
      const result = await store.upload('resumed', CONTENT, { ...options, checkpoint })
      assert.equal(result.resumed?.parts, 1)
      assert.deepEqual(
        emulator.requests.filter(({ status, fault }) => (status ?? 0) >= 400 && fault === undefined),
        [],
      )
    })
  }

  it('say so where they list, look, read, delete and abort stale uploads', async (t) => {
    for (const { store: storeOptions } of CASES.filter(({ name }) => !name.includes('raw'))) {
      const { emulator, store } = await open(t, storeOptions)
      await store.upload('key', 'content')
      await store.head('key')
      const { body } = await store.get('key')
      await body.toArray()
      const uploadId = await store.initiateMultipartUpload('other')
      for await (const part of store.listParts({ key: 'other', uploadId }))
        assert.fail(`there is part ${part.partNumber}`)
      const { aborted } = await store.abortStaleUploads({ olderThanMs: 0 })
      assert.ok(aborted.length <= 1)
      await store.abortMultipartUpload({ key: 'other', uploadId })
      await store.delete('key')
      assert.deepEqual(
        emulator.requests.filter(({ status }) => status === 403),
        [],
      )
    }
  })

  it('are refused without it, and where another account owns the bucket', async (t) => {
    const unpaid = await open(t, {})
    await assert.rejects(unpaid.store.upload('key', 'content'), { code: 'ACCESS_DENIED' })
    const others = { provider: 's3', requestPayer: 'requester', expectedBucketOwner: '444455556666' } as const
    await assert.rejects((await open(t, others)).store.upload('key', 'content'), { code: 'ACCESS_DENIED' })
  })

  it('take no other value', async () => {
    const common = { bucket: 'test-bucket', region: 'r', credentials: { accessKeyId: 'id', accessKeySecret: 'secret' } }
    await assertRefused(
      () => openStore({ ...common, requestPayer: 'me' } as unknown as StoreOptions),
      ['requestPayer', "'requester'"],
    )
    await assertRefused(
      () => openStore({ ...common, provider: 's3', expectedBucketOwner: 'me' }),
      ['expectedBucketOwner', '12 digits'],
    )
  })
})
