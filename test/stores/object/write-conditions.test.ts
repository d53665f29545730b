/** An object that is replaced only on a condition: that it has a given ETag, or that there is none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fault } from '../../../src/emulator/index.js'
import type { RetryNotice, UploadError } from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { providerStore, type ProviderStore } from '../../support/provider-store.js'
import { ossup } from '../../cli/ossup.js'

const MIB = 1024 * 1024
const S3 = { provider: 's3' } as const

const SIZES = [
  ['in one request', 7],
  ['in parts', 6 * MIB],
] as const

async function content({ store }: ProviderStore): Promise<Buffer> {
  return readAll((await store.get('key')).body)
}

function operations({ emulator }: ProviderStore): unknown[] {
  return emulator.requests.map(({ operation }) => operation).filter((operation) => operation !== 'GetObject')
}

/** What a request that publishes an object gets, in one request and in parts. */
function publishing(action: Fault['action'], times = 1): Fault[] {
  return (['PutObject', 'CompleteMultipartUpload'] as const).map((operation) => ({
    match: { operation },
    times,
    action,
  }))
}

describe('ifMatch on S3', () => {
  for (const [how, size] of SIZES) {
    const bytes = someBytes(size, 2)

    it(`replaces the object that has the ETag, and no other, ${how}`, async (t) => {
      const service = await providerStore(t, S3)
      const { store } = service
      const first = await store.upload('key', 'first')
      const second = await store.upload('key', bytes, { partSize: 5 * MIB, ifMatch: first.etag })
      assert.ok((await content(service)).equals(bytes))
      const stale = store.upload('key', someBytes(size, 3), { partSize: 5 * MIB, ifMatch: first.etag })
      await assert.rejects(stale, { code: 'PRECONDITION_FAILED' })
      assert.equal((await store.head('key')).etag, second.etag)
      await assert.rejects(store.upload('none', bytes, { ifMatch: first.etag }), { code: 'PRECONDITION_FAILED' })
      await assert.rejects(store.head('none'), { code: 'NOT_FOUND' })
      for await (const { key } of store.listMultipartUploads()) assert.fail(key)
    })

    for (const [status, code] of [
      [412, 'PreconditionFailed'],
      [404, 'NoSuchKey'],
    ] as const) {
      it(`is refused by the service with ${status} ${code}, ${how}`, async (t) => {
        const service = await providerStore(t, S3)
        const { etag } = await service.store.upload('key', 'first')
        for (const fault of publishing({ type: 'error', status, code })) service.emulator.faults.inject(fault)
        const upload = service.store.upload('key', bytes, { partSize: 5 * MIB, ifMatch: etag })
        await assert.rejects(upload, { code: 'PRECONDITION_FAILED', status, attempts: 1 })
        assert.equal((await content(service)).toString(), 'first')
      })
    }

    it(`resolves when the object is stored and the response is lost, ${how}`, async (t) => {
      const service = await providerStore(t, S3)
      const { etag } = await service.store.upload('key', 'first')
      for (const fault of publishing({ type: 'reset', at: 'answer' })) service.emulator.faults.inject(fault)
      await service.store.upload('key', bytes, { partSize: 5 * MIB, ifMatch: etag })
      assert.ok((await content(service)).equals(bytes))
    })
  }

  it('is sent again with PutObject after 409, and ends a Complete', async (t) => {
    const { emulator, store } = await providerStore(t, S3)
    const { etag } = await store.upload('key', 'first')
    const conflict = { type: 'error', status: 409, code: 'ConditionalRequestConflict' } as const
    for (const fault of publishing(conflict)) emulator.faults.inject(fault)
    const options = { partSize: 5 * MIB, ifMatch: etag }
    await assert.rejects(store.upload('key', someBytes(6 * MIB), options), (error: UploadError) => {
      assert.equal(error.code, 'PRECONDITION_FAILED')
      assert.equal(error.retryable, true)
      return true
    })
    await store.upload('key', 'second', options)
  })

  it('goes with calls of an upload that are made one by one', async (t) => {
    const { store } = await providerStore(t, S3)
    const { etag } = await store.upload('key', 'first')
    const upload = { key: 'key', uploadId: await store.initiateMultipartUpload('key', { ifMatch: etag }) }
    const part = await store.uploadPart(upload, 1, Buffer.from('second'))
    const stale = store.completeMultipartUpload(upload, [part], { ifMatch: '"0"' })
    await assert.rejects(stale, { code: 'PRECONDITION_FAILED' })
    await store.completeMultipartUpload(upload, [part], { ifMatch: etag })
  })

  it('is an option of ossup put', async (t) => {
    const service = await providerStore(t, S3)
    const { etag } = await service.store.upload('key', 'first')
    const { endpoint, region, credentials } = service.emulator
    const environment = {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.accessKeySecret,
    }
    const put = async (input: string) =>
      ossup(undefined, ['put', 's3://test-bucket/key', '--if-match', etag], { input, environment })
    assert.equal((await put('second')).code, 0)
    const { code, stderr } = await put('third')
    assert.equal(code, 4)
    assert.match(stderr, /PRECONDITION_FAILED|ifMatch/)
    assert.equal((await content(service)).toString(), 'second')
  })

  it('is refused with forbidOverwrite, and if it is not an ETag', async (t) => {
    const { store } = await providerStore(t, S3)
    const refused = (options: object): void => {
      assert.throws(() => store.createUploadStream('key', options), { code: 'INVALID_OPTION', message: /ifMatch/ })
    }
    refused({ ifMatch: '"0"', forbidOverwrite: true })
    for (const ifMatch of ['', '*', '"*"', '"a" , "b"', 'a\nb', 'ä', 1, null, {}]) refused({ ifMatch })
  })
})

describe('ifMatch elsewhere', () => {
  it('is refused by name on OSS and OBS', async (t) => {
    const { store } = await providerStore(t, { provider: 'obs' })
    const message = /OBS does not support ifMatch/
    assert.throws(() => store.createUploadStream('key', { ifMatch: '"0"' }), { code: 'INVALID_OPTION', message })
  })
})

describe('a service that returns 501 to conditional writes', () => {
  const refusal = { type: 'error', status: 501, code: 'NotImplemented' } as const

  for (const [how, size] of SIZES) {
    it(`gets the request without the condition after a look at the object, ${how}`, async (t) => {
      const service = await providerStore(t, S3)
      const { emulator, store } = service
      for (const fault of publishing(refusal)) emulator.faults.inject(fault)
      const notices: RetryNotice[] = []
      const options = { partSize: 5 * MIB, forbidOverwrite: true }
      const onRetry = (notice: RetryNotice): void => void notices.push(notice)
      await store.upload('key', someBytes(size), { ...options, onRetry })
      assert.match(notices.map(({ reason }) => reason).join('\n'), /does not implement conditional writes/)
      const publications = emulator.requests.filter(({ operation }) => /^(PutObject|Complete)/.test(String(operation)))
      assert.deepEqual(
        publications.map(({ headers }) => headers['if-none-match']),
        ['*', undefined],
      )
      assert.equal(operations(service).at(-2), 'HeadObject')
      await assert.rejects(store.upload('key', someBytes(size), options), { code: 'ALREADY_EXISTS' })
      // It is not asked for a condition again.
      await store.upload('other', someBytes(size), options)
      assert.equal(notices.length, 1)
    })
  }

  it('replaces nothing that came into being meanwhile', async (t) => {
    const service = await providerStore(t, S3)
    const { emulator, store } = service
    emulator.faults.inject({ match: { operation: 'PutObject' }, action: refusal })
    // The second HeadObject finds what the first one did not.
    emulator.faults.inject({
      match: { operation: 'HeadObject' },
      skip: 1,
      action: { type: 'answer', status: 200, headers: { etag: '"0"', 'content-length': '7' } },
    })
    const upload = store.upload('key', 'content', { forbidOverwrite: true })
    await assert.rejects(upload, { code: 'ALREADY_EXISTS' })
    assert.deepEqual(operations(service), ['HeadObject', 'PutObject', 'HeadObject'])
  })

  it('for another reason stays refused', async (t) => {
    const { emulator, store } = await providerStore(t, S3)
    emulator.faults.inject({ match: { operation: 'PutObject' }, times: Infinity, action: refusal })
    await assert.rejects(store.upload('key', 'content', { forbidOverwrite: true }), { code: 'REJECTED', status: 501 })
  })
})
