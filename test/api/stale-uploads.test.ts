import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { AbortStaleUploadsOptions } from '../../src/index.js'
import { emulatedStore, unfinishedUploads } from '../support/emulated-store.js'
import { assertRefused } from '../support/refusal.js'
import { providerStore } from '../support/provider-store.js'
import { ossup } from '../cli/ossup.js'
import { until } from '../support/until.js'
import { uploadError } from '../support/errors.js'

const HOUR = 3_600_000

/** A store whose service has a clock of its own, and uploads begun so many hours ago by that clock. */
async function storeWith(t: TestContext, uploads: Record<string, number>, { aheadMs = 0 } = {}) {
  let clock = Date.now() + aheadMs
  const start = clock
  const emulated = await emulatedStore(t, { emulator: { now: () => new Date(clock) } })
  for (const [key, hours] of Object.entries(uploads)) {
    clock = start - hours * HOUR
    await emulated.store.initiateMultipartUpload(key)
  }
  clock = start
  const aborts = () => emulated.emulator.requests.filter(({ operation }) => operation === 'AbortMultipartUpload').length
  return { ...emulated, aborts }
}

const keysOf = (uploads: readonly { key: string }[]): string[] => uploads.map(({ key }) => key).sort()

describe('MinIO, which lists unfinished uploads only by their exact key', () => {
  it('is noticed by its name, and the result says that it may be partial', async (t) => {
    const { emulator, store } = await providerStore(t, { provider: 's3' })
    const body = '<ListMultipartUploadsResult><EncodingType>url</EncodingType></ListMultipartUploadsResult>'
    emulator.faults.inject({
      match: { operation: 'ListMultipartUploads' },
      times: Infinity,
      action: { type: 'answer', status: 200, headers: { Server: 'MinIO' }, body },
    })
    const result = await store.abortStaleUploads({ olderThanMs: 0 })
    assert.deepEqual(result, { aborted: [], failed: [], kept: 0, isPartial: true })
    const { endpoint, region, credentials } = emulator
    const environment = {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.accessKeySecret,
    }
    for (const args of [
      ['uploads', 's3://test-bucket'],
      ['abort', '--older-than', '1d', 's3://test-bucket'],
    ]) {
      assert.match((await ossup(undefined, args, { environment })).stderr, /MinIO.*exact key/)
    }
  })

  it('is not another service', async (t) => {
    const { store } = await providerStore(t, { provider: 's3' })
    assert.deepEqual(await store.abortStaleUploads({ olderThanMs: 0 }), { aborted: [], failed: [], kept: 0 })
  })
})

describe('stale uploads', () => {
  const uploads = { 'logs/old': 30, 'logs/older': 50, 'logs/young': 1, other: 50 }

  it('are aborted by age and prefix, and the others stay', async (t) => {
    const { store } = await storeWith(t, uploads)
    const { aborted, failed, kept } = await store.abortStaleUploads({ olderThanMs: 24 * HOUR, prefix: 'logs/' })
    assert.deepEqual(keysOf(aborted), ['logs/old', 'logs/older'])
    assert.ok(aborted.every(({ uploadId, initiated }) => uploadId !== '' && initiated instanceof Date))
    assert.deepEqual([failed, kept], [[], 1])
    assert.deepEqual(await unfinishedUploads(store), ['logs/young', 'other'])
    const again = await store.abortStaleUploads({ olderThanMs: 24 * HOUR, prefix: 'logs/' })
    assert.deepEqual(again, { aborted: [], failed: [], kept: 1 })
  })

  it('are those initiated before a time', async (t) => {
    const { store } = await storeWith(t, uploads)
    const before = new Date(Date.now() - 40 * HOUR)
    assert.deepEqual(keysOf((await store.abortStaleUploads({ before })).aborted), ['logs/older', 'other'])
  })

  it('are all with an age of 0, also those initiated in the second of the response', async (t) => {
    const start = Math.floor(Date.now() / 1000) * 1000
    const { store } = await emulatedStore(t, { emulator: { now: () => new Date(start + 700) } })
    await store.initiateMultipartUpload('just-begun')
    const { aborted, kept } = await store.abortStaleUploads({ olderThanMs: 0 })
    assert.deepEqual([keysOf(aborted), kept], [['just-begun'], 0])
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('are only named in a dry run', async (t) => {
    const { store, aborts } = await storeWith(t, uploads)
    const { aborted, kept } = await store.abortStaleUploads({ olderThanMs: 24 * HOUR, dryRun: true })
    assert.deepEqual([keysOf(aborted), kept], [['logs/old', 'logs/older', 'other'], 1])
    assert.equal(aborts(), 0)
    assert.equal((await unfinishedUploads(store)).length, 4)
  })

  for (const aheadMs of [-48 * HOUR, 48 * HOUR]) {
    it(`are old by the service's clock, which is off by ${aheadMs / HOUR} hours`, async (t) => {
      const { store } = await storeWith(t, uploads, { aheadMs })
      const { aborted } = await store.abortStaleUploads({ olderThanMs: 24 * HOUR, prefix: 'logs/' })
      assert.deepEqual(keysOf(aborted), ['logs/old', 'logs/older'])
    })
  }

  it('that cannot be aborted are reported, and do not stop the others', async (t) => {
    const { emulator, store } = await storeWith(t, uploads)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload', key: 'logs/old' },
      times: Infinity,
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { aborted, failed } = await store.abortStaleUploads({ olderThanMs: 24 * HOUR, concurrency: 1 })
    assert.deepEqual(keysOf(aborted), ['logs/older', 'other'])
    assert.deepEqual(
      failed.map(({ upload: { key }, error }) => [key, (error as { code?: string }).code]),
      [['logs/old', 'ACCESS_DENIED']],
    )
  })

  it('are aborted a few at a time, however many pages there are', async (t) => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, 30]))
    const { emulator, store } = await storeWith(t, many)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      times: 3,
      action: { type: 'error', status: 503, code: 'ServiceUnavailable' },
    })
    const { aborted, failed } = await store.abortStaleUploads({ olderThanMs: HOUR, concurrency: 3 })
    assert.deepEqual([aborted.length, failed], [40, []])
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('are left when the signal is aborted, once nothing is under way', async (t) => {
    const { emulator, store, aborts } = await storeWith(t, uploads)
    const controller = new AbortController()
    emulator.faults.inject({ match: { operation: 'AbortMultipartUpload' }, action: { type: 'stall', at: 'answer' } })
    const aborting = store.abortStaleUploads({ olderThanMs: HOUR, signal: controller.signal, concurrency: 1 })
    const reason = new Error('enough')
    await until(() => aborts() === 1)
    controller.abort(reason)
    await assert.rejects(aborting, (error) => {
      uploadError('ABORTED')(error)
      assert.equal((error as Error).cause, reason)
      return true
    })
    assert.ok((await unfinishedUploads(store)).length >= 3)
  })

  it('cannot be reported if they cannot be listed', async (t) => {
    const { emulator, store, aborts } = await storeWith(t, uploads)
    const action = { type: 'error', status: 403, code: 'AccessDenied' } as const
    emulator.faults.inject({ match: { operation: 'ListMultipartUploads' }, times: Infinity, action })
    await assert.rejects(store.abortStaleUploads({ olderThanMs: HOUR }), uploadError('ACCESS_DENIED'))
    assert.equal(aborts(), 0)
  })

  it('stay if the service does not return their age', async (t) => {
    const { emulator, store, aborts } = await storeWith(t, { k: 30 })
    const body =
      '<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>U</UploadId></Upload><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>'
    const action = { type: 'answer', status: 200, body } as const
    emulator.faults.inject({ match: { operation: 'ListMultipartUploads' }, times: Infinity, action })
    assert.deepEqual(await store.abortStaleUploads({ olderThanMs: 0 }), { aborted: [], failed: [], kept: 1 })
    assert.equal(aborts(), 0)
  })

  it('need an age, and take no unknown options', async (t) => {
    const { emulator, store } = await storeWith(t, {})
    const wrong: [options: unknown, ...texts: string[]][] = [
      [undefined, 'options ', '(got undefined)'],
      [{}, 'olderThanMs and before'],
      [{ olderThanMs: 1, before: new Date() }, 'olderThanMs and before'],
      [{ olderThanMs: -1 }, 'olderThanMs ', '(got -1)', 'from 0', 'ms'],
      [{ before: '2026-01-01' }, 'before ', "(got '2026-01-01')", 'a Date'],
      [{ before: new Date(NaN) }, 'before must', 'a Date'],
      [{ olderThanMs: 1, dryRun: 'yes' }, 'dryRun ', "(got 'yes')", 'true or false'],
      [{ olderThanMs: 1, concurrency: 101 }, 'concurrency ', '(got 101)', 'from 1 to 100'],
      [{ olderThan: 1 }, "no option 'olderThan'", 'olderThanMs'],
    ]
    for (const [options, ...texts] of wrong) {
      await assertRefused(() => store.abortStaleUploads(options as AbortStaleUploadsOptions), texts)
    }
    assert.deepEqual(emulator.requests, [])
  })
})
