/** What an error response means, as far as it depends on the service and on the call that it answers. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FaultAction } from '../../../src/emulator/index.js'
import type { ObsStoreOptions, S3StoreOptions, UploadError } from '../../../src/index.js'
import { obsDialect } from '../../../src/stores/obs/obs-dialect.js'
import { ossDialect } from '../../../src/stores/oss/oss-dialect.js'
import { failureOfAnswer } from '../../../src/stores/request/attempt-failure.js'
import { s3Dialect } from '../../../src/stores/s3/s3-dialect.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { providerStore } from '../../support/provider-store.js'

const MIB = 1024 ** 2
const PLACE = { bucket: 'bucket', region: 'cn-test-1' }
const [oss, obs, s3] = [ossDialect(PLACE), obsDialect(PLACE), s3Dialect(PLACE)]

function codeDocument(code: string, further = ''): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message>${further}</Error>`
}

function failureOf(
  dialect: typeof oss,
  operation: string,
  status: number,
  text: string,
  headers: Record<string, string> = {},
) {
  return failureOfAnswer({ status, headers: {}, text }, dialect, { operation, headers })
}

describe('status 203', () => {
  for (const text of [codeDocument('CallbackFailed'), codeDocument('InternalError'), codeDocument('New'), '', 'text']) {
    it(`says that the object is stored and the callback failed, with the body ${JSON.stringify(text)}`, async (t) => {
      for (const dialect of [oss, obs]) {
        const headers = { [`${dialect.headerPrefix}callback`]: 'e30=' }
        const failure = await failureOf(dialect, 'CompleteMultipartUpload', 203, text, headers)
        assert.equal(failure.code, 'CALLBACK_FAILED')
        assert.equal(failure.facts.remedy, 'none')
        assert.match(failure.message, /the object is stored/)
      }
      const { emulator, store } = await emulatedStore(t)
      const callback = { url: 'http://127.0.0.1:1/callback', body: 'a' }
      const action: FaultAction = { type: 'answer', status: 203, body: text, commit: true }
      for (const [key, size, operation] of [
        ['small', 10, 'PutObject'],
        ['large', 300_000, 'CompleteMultipartUpload'],
      ] as const) {
        emulator.faults.inject({ match: { operation }, action })
        const upload = store.upload(key, someBytes(size), { callback, partSize: 102_400 })
        await assert.rejects(upload, { code: 'CALLBACK_FAILED' })
        assert.equal((await store.head(key)).size, size)
      }
    })
  }
})

describe('status 203 to a request without a callback', () => {
  it('is a success that a proxy has changed, and is verified', async (t) => {
    const { emulator, store } = await emulatedStore(t, { store: { retry: { maxAttempts: 1 } } })
    for (const operation of ['PutObject', 'UploadPart', 'HeadObject', 'GetObject'] as const) {
      emulator.faults.inject({ match: { operation }, times: Infinity, action: { type: 'status', status: 203 } })
    }
    for (const size of [10, 300_000]) {
      const result = await store.upload('key', someBytes(size), { partSize: 102_400 })
      assert.equal(result.checksum?.algorithm, 'crc64ecma')
      assert.ok((await readAll((await store.get('key')).body)).equals(someBytes(size)))
    }
  })

  it('is a failure where its body is one', async (t) => {
    const { emulator, store } = await emulatedStore(t, { store: { retry: { maxAttempts: 1 } } })
    const action: FaultAction = { type: 'answer', status: 203, body: codeDocument('AccessDenied') }
    emulator.faults.inject({ match: { operation: 'PutObject' }, action })
    await assert.rejects(store.upload('key', 'content'), { status: 203, serviceCode: 'AccessDenied' })
  })
})

describe('a throttling response', () => {
  it('is believed where the service promises that nothing was done', async () => {
    const unknown = async (dialect: typeof oss, operation: string, code: string): Promise<boolean> =>
      (await failureOf(dialect, operation, 503, codeDocument(code))).facts.outcomeUnknown
    for (const code of ['SlowDown', 'ServiceUnavailable', 'ServerBusy', 'SlowDownWrite', 'SlowDownRead']) {
      for (const dialect of [oss, obs, s3]) {
        assert.equal((await failureOf(dialect, 'UploadPart', 503, codeDocument(code))).code, 'THROTTLED')
        assert.equal(await unknown(dialect, 'UploadPart', code), false)
      }
      assert.equal(await unknown(obs, 'CompleteMultipartUpload', code), true)
      for (const dialect of [oss, s3]) {
        assert.equal(await unknown(dialect, 'CompleteMultipartUpload', code), code === 'ServiceUnavailable')
        assert.equal(await unknown(dialect, 'PutObject', code), code === 'ServiceUnavailable')
      }
    }
  })

  it('of OBS to Complete may hide an object that is stored', async (t) => {
    const options: ObsStoreOptions = { provider: 'obs', retry: { maxAttempts: 1 } }
    const { emulator, store } = await providerStore(t, options)
    const action: FaultAction = { type: 'error', status: 503, code: 'SlowDown', commit: true }
    emulator.faults.inject({ match: { operation: 'CompleteMultipartUpload' }, action })
    const result = await store.upload('key', someBytes(300_000), { partSize: 102_400 })
    assert.equal(result.size, 300_000)
  })
})

describe('409 ConditionalRequestConflict', () => {
  const conflict: FaultAction = { type: 'error', status: 409, code: 'ConditionalRequestConflict' }
  const options: S3StoreOptions = { provider: 's3' }

  it('on Complete ends the upload, which can be started over, and leaves no parts', async (t) => {
    const { emulator, store } = await providerStore(t, options)
    emulator.faults.inject({ match: { operation: 'CompleteMultipartUpload' }, action: conflict, times: Infinity })
    const upload = store.upload('key', someBytes(6 * MIB), { partSize: 5 * MIB, forbidOverwrite: true })
    await assert.rejects(upload, (error: UploadError) => {
      assert.equal(error.code, 'ALREADY_EXISTS')
      assert.equal(error.retryable, true)
      assert.match(error.message, /start over/)
      return true
    })
    const operations = emulator.requests.map(({ operation }) => operation)
    assert.equal(operations.filter((operation) => operation === 'CompleteMultipartUpload').length, 1)
    for await (const left of store.listMultipartUploads()) assert.fail(`there is upload ${left.uploadId}`)
  })

  it('on PutObject is tried again', async (t) => {
    const { emulator, store } = await providerStore(t, options)
    emulator.faults.inject({ match: { operation: 'PutObject' }, action: conflict })
    assert.equal((await store.upload('key', 'content', { forbidOverwrite: true })).size, 7)
  })
})

describe('a refusal', () => {
  it('BadRequest is final on OBS, and may pass on OSS', async () => {
    const remedies = [obs, oss].map(async (dialect) => {
      const { facts } = await failureOf(dialect, 'UploadPart', 400, codeDocument('BadRequest'))
      return facts.remedy
    })
    assert.deepEqual(await Promise.all(remedies), ['none', 'again'])
  })

  it('ExpiredToken with status 400 requests new credentials, and finally is ACCESS_DENIED', async () => {
    const failure = await failureOf(s3, 'UploadPart', 400, codeDocument('ExpiredToken'))
    assert.deepEqual([failure.code, failure.facts.remedy], ['ACCESS_DENIED', 'credentials'])
  })

  it('of version 1 of the signature of OSS says what to do', async () => {
    const text = codeDocument('AccessDenied', '<EC>0002-00000080</EC>')
    assert.match((await failureOf(oss, 'PutObject', 403, text)).message, /signatureVersion/)
  })

  it('of a customer key says that AWS blocks them on new buckets', async () => {
    const headers = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }
    assert.match((await failureOf(s3, 'PutObject', 403, codeDocument('AccessDenied'), headers)).message, /SSE-C/)
    assert.doesNotMatch((await failureOf(s3, 'PutObject', 403, codeDocument('AccessDenied'))).message, /SSE-C/)
  })
})

describe('an upload that is encrypted with a customer key on S3', () => {
  it('is resumed: ListParts has the key, where the upload has a checksum algorithm', async (t) => {
    const { emulator, store } = await providerStore(t, { provider: 's3', checksum: 'crc32', retry: { maxAttempts: 1 } })
    const serverSideEncryption = { customerKey: Buffer.alloc(32, 7) }
    let text: string | undefined
    const checkpoint = {
      read: () => Promise.resolve(text),
      write: (written: string) => Promise.resolve(void (text = written)),
      remove: () => Promise.resolve(void (text = undefined)),
    }
    const options = { partSize: 5 * MIB, concurrency: 1, serverSideEncryption, checkpoint }
    const bytes = someBytes(11 * MIB)
    emulator.faults.inject({ match: { partNumber: 2 }, action: { type: 'error', status: 500, code: 'InternalError' } })
    await assert.rejects(store.upload('key', bytes, options), { code: 'SERVICE_FAILED' })
    assert.equal((await store.upload('key', bytes, options)).resumed?.parts, 1)
  })
})

describe('white space that keeps Complete alive', () => {
  it('may be as rare as the limit on the response permits, for any stallMs', async (t) => {
    const { emulator, store } = await providerStore(t, {
      provider: 's3',
      timeouts: { stallMs: 800 },
    })
    emulator.faults.inject({
      match: { operation: 'CompleteMultipartUpload' },
      action: { type: 'padded', spaces: 1, gapMs: 2400 },
    })
    const bytes = someBytes(6 * MIB)
    await store.upload('key', bytes, { partSize: 5 * MIB })
    const operations = emulator.requests.map(({ operation }) => operation)
    assert.equal(operations.filter((operation) => operation === 'CompleteMultipartUpload').length, 1)
  })

  it('does not keep it alive indefinitely: the request is repeated', async (t) => {
    const { emulator, store } = await providerStore(t, { provider: 's3', timeouts: { answerMs: 400 } })
    emulator.faults.inject({
      match: { operation: 'CompleteMultipartUpload' },
      action: { type: 'padded', spaces: 1, gapMs: 50, times: 1_000_000 },
    })
    await store.upload('key', someBytes(6 * MIB), { partSize: 5 * MIB })
    const completes = emulator.requests.filter(({ operation }) => operation === 'CompleteMultipartUpload')
    assert.equal(completes.length, 2)
  })
})
