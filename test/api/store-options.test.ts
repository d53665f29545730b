import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { openStore, type StoreOptions } from '../../src/index.js'
import { readAll } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { setEnvironment } from '../support/environment.js'
import { environmentOf } from '../support/examples.js'
import { assertRefused } from '../support/refusal.js'

const GOOD = {
  bucket: 'test-bucket',
  region: 'cn-hangzhou',
  credentials: { accessKeyId: 'id', accessKeySecret: 'secret' },
}

/** What is refused, and what the message says: the option, the value and what is accepted. */
const REFUSED: [options: Record<string, unknown>, ...texts: string[]][] = [
  [{ provider: 'gcs' }, 'provider ', "(got 'gcs')", "'oss', 'obs', 's3'"],
  [
    { bucket: undefined },
    'bucket ',
    '(got undefined)',
    'a target such as oss://bucket/key, or environment variable OSS_BUCKET',
  ],
  [{ bucket: '' }, 'bucket ', "(got '')", 'not empty'],
  [{ bucket: 5 }, 'bucket ', '(got 5)', 'a string'],
  [{ bucket: 'ab' }, 'bucket ', "(got 'ab')", '3 to 63 of a-z, 0-9, - and _'],
  [{ bucket: 'Upper' }, 'bucket ', "(got 'Upper')", 'a-z'],
  [{ bucket: '-ab' }, 'bucket ', "(got '-ab')", 'without - or _ at the ends'],
  [{ bucket: 'a.b/c?d' }, 'bucket ', "(got 'a.b/c?d')"],
  [{ region: undefined }, 'region is missing', 'cn-hangzhou', 'OSS_REGION'],
  [{ region: '' }, 'region ', "(got '')", 'not empty'],
  [{ region: 'cn hangzhou' }, 'region ', "(got 'cn hangzhou')", 'cn-hangzhou'],
  [{ region: 'evil.example/' }, 'region ', "(got 'evil.example/')"],
  [{ region: undefined, endpoint: 'https://example.com' }, 'region is missing', 'signature version 4'],
  [{ endpoint: '' }, 'endpoint ', "(got '')", 'not empty'],
  [{ endpoint: 'not a host' }, 'endpoint ', "(got 'not a host')", 'oss-cn-hangzhou.aliyuncs.com'],
  [{ endpoint: 'ftp://example.com' }, 'endpoint ', "(got 'ftp://example.com')", 'http://127.0.0.1:9000'],
  [{ endpoint: 'https://example.com/path' }, 'endpoint ', "(got 'https://example.com/path')"],
  [{ endpoint: 'https://example.com/?query' }, 'endpoint must'],
  [{ addressing: 'host' }, 'addressing ', "(got 'host')", "'virtual', 'path', 'cname'"],
  [{ network: 'private' }, 'network ', "(got 'private')", "'public', 'internal', 'accelerate'"],
  [{ signatureVersion: 2 }, 'signatureVersion ', "(got '2')", "'1', '4'"],
  [{ credentials: 'id:secret' }, 'credentials', 'must be an object with accessKeyId and accessKeySecret'],
  [{ credentials: [] }, 'credentials', 'accessKeyId'],
  [{ retry: 3 }, 'retry ', '(got 3)', 'an object'],
  [{ retry: { maxAttempts: 0 } }, 'retry.maxAttempts ', '(got 0)', 'from 1 to 100'],
  [{ retry: { maxAttempts: '3' } }, 'retry.maxAttempts ', "(got '3')"],
  [{ retry: { baseDelayMs: -1 } }, 'retry.baseDelayMs ', '(got -1)', 'from 0 to 60,000 ms'],
  [{ retry: { maxDelayMs: 1e9 } }, 'retry.maxDelayMs ', '(got 1000000000)', 'from 0 to 600,000 ms'],
  [{ retry: { totalMs: Number.NaN } }, 'retry.totalMs ', '(got NaN)', 'from 0 to 86,400,000 ms'],
  [{ retry: { attempts: 3 } }, "retry has no option 'attempts'", 'maxAttempts'],
  [{ timeouts: { stallMs: 0 } }, 'timeouts.stallMs ', '(got 0)', 'from 1 to 3,600,000 ms'],
  [{ timeouts: { connectMs: 1.5 } }, 'timeouts.connectMs ', '(got 1.5)'],
  [{ timeouts: { answer: 5 } }, "timeouts has no option 'answer'", 'answerMs'],
  [{ maxMemory: 1000 }, 'maxMemory ', '(got 1000)', 'from 1,048,576', 'bytes'],
  [{ maxMemory: '256 MiB' }, 'maxMemory ', "(got '256 MiB')"],
  [{ bandwidthLimit: 1023 }, 'bandwidthLimit ', '(got 1023)', 'from 1,024', 'bytes per second'],
  [{ bandwidthLimit: '1MB' }, 'bandwidthLimit ', "(got '1MB')", 'an integer'],
  [{ bandwidthLimit: Infinity }, 'bandwidthLimit ', '(got Infinity)', 'an integer'],
  [{ dispatcher: {} }, 'dispatcher ', '(got {})', 'a Dispatcher of undici'],
  [{ dispatcher: null }, 'dispatcher ', '(got null)', 'a Dispatcher of undici'],
  [{ reigon: 'cn-hangzhou' }, "a store of oss has no option 'reigon'", 'its options are', '; did you mean region?'],
]

describe('openStore', () => {
  for (const [options, ...texts] of REFUSED) {
    it(`refuses ${JSON.stringify(options)}, and says what it accepts`, async (t) => {
      setEnvironment(t, {})
      const code = 'credentials' in options ? 'MISSING_CREDENTIALS' : 'INVALID_OPTION'
      await assertRefused(() => openStore({ ...GOOD, ...options }), texts, code)
    })
  }

  it('refuses a bucket with keys in front of it without repeating them', (t) => {
    setEnvironment(t, {})
    for (const bucket of ['LTAIid:hunter2@bucket', `LTAIid:${'hunter2'.repeat(40)}@bucket`]) {
      for (const provider of ['oss', 'obs', 's3'] as const) {
        assert.throws(
          () => openStore({ ...GOOD, bucket, provider }),
          (error: Error) => error.message.includes('bucket') && !inspect(error).includes('hunter2'),
        )
      }
    }
  })

  it('refuses an endpoint with a password without repeating it', async (t) => {
    setEnvironment(t, {})
    const endpoint = 'https://user:hunter2@example.com'
    await assertRefused(() => openStore({ ...GOOD, endpoint }), ['endpoint contains a user name or password'])
    assert.throws(
      () => openStore({ ...GOOD, endpoint }),
      (error: Error) => !error.message.includes('hunter2'),
    )
  })

  for (const [what, credentials, variables, ...texts] of [
    ['no credentials', undefined, {}, 'OSS_ACCESS_KEY_ID is missing', 'the option credentials'],
    ['an id alone', { accessKeyId: 'id' }, {}, 'accessKeySecret is missing', 'go together'],
    ['a secret alone', { accessKeySecret: 'hunter2' }, {}, 'accessKeyId is missing', 'go together'],
    [
      'an id alone in the environment',
      undefined,
      { OSS_ACCESS_KEY_ID: 'id' },
      'OSS_ACCESS_KEY_SECRET is missing',
      'together in the environment',
    ],
    [
      'a secret alone in the environment',
      undefined,
      { OSS_ACCESS_KEY_SECRET: 'hunter2', OSS_ACCESS_KEY_ID: '', OSS_SESSION_TOKEN: 'hunter2' },
      'OSS_ACCESS_KEY_ID is missing',
      'together in the environment',
    ],
  ] as const) {
    it(`refuses ${what}, and never shows a secret`, async (t) => {
      setEnvironment(t, variables)
      const open = () => openStore({ ...GOOD, credentials } as StoreOptions)
      await assertRefused(open, texts, 'MISSING_CREDENTIALS')
      assert.throws(open, (error: Error) => !error.message.includes('hunter2'))
    })
  }

  it('refuses credentials with a line end, as read from files, and never shows them', async (t) => {
    setEnvironment(t, {})
    const open = () => openStore({ ...GOOD, credentials: { accessKeyId: 'id', accessKeySecret: 'hunter2\n' } })
    await assertRefused(open, ['accessKeySecret', 'printable ASCII'])
    assert.throws(open, (error: Error) => !error.message.includes('hunter2'))
  })

  it('reads absent options from the environment', async (t) => {
    const { emulator } = await emulatedStore(t)
    setEnvironment(t, environmentOf(emulator))
    await using store = openStore()
    assert.equal(store.bucket, 'test-bucket')
    assert.equal(store.provider, 'oss')
    const upload = store.createUploadStream('from/the environment')
    upload.end('hello')
    await upload.done
    assert.equal((await readAll((await store.get('from/the environment')).body)).toString(), 'hello')
  })

  it('uses temporary credentials from the environment', async (t) => {
    const credentials = { accessKeyId: 'STS.id', accessKeySecret: 'secret', securityToken: 'token' }
    const { emulator } = await emulatedStore(t, { emulator: { credentials } })
    setEnvironment(t, { ...environmentOf(emulator), OSS_SESSION_TOKEN: 'token' })
    await using store = openStore()
    await assert.rejects(store.head('k'), { code: 'NOT_FOUND' })
  })

  it('prefers what is given to the environment', async (t) => {
    const { emulator } = await emulatedStore(t)
    setEnvironment(t, {
      OSS_BUCKET: 'another-bucket',
      OSS_ENDPOINT: 'http://127.0.0.1:1',
      OSS_REGION: 'cn-nowhere',
      OSS_ACCESS_KEY_ID: 'another',
      OSS_ACCESS_KEY_SECRET: 'another',
    })
    const { endpoint, region, credentials } = emulator
    await using store = openStore({ bucket: 'test-bucket', endpoint, region, credentials })
    await assert.rejects(store.head('k'), { code: 'NOT_FOUND', bucket: 'test-bucket' })
  })

  it('counts a variable that is empty as absent', async (t) => {
    setEnvironment(t, { OSS_BUCKET: '', OSS_REGION: '', OSS_ENDPOINT: '' })
    await assertRefused(() => openStore({ ...GOOD, bucket: undefined }), ['bucket ', '(got undefined)', 'OSS_BUCKET'])
    await assertRefused(() => openStore({ ...GOOD, region: undefined }), ['region is missing', 'OSS_REGION'])
  })
})
