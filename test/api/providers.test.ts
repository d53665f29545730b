import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createUploadStream, openStore, type StoreOptions } from '../../src/index.js'
import { readAll } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { setEnvironment } from '../support/environment.js'
import { assertRefused } from '../support/refusal.js'

const KEYS = { accessKeyId: 'id', accessKeySecret: 'secret' }

describe('a store of S3', () => {
  it('is read from the variables of AWS', async (t) => {
    const { emulator } = await emulatedStore(t, { emulator: { region: 'eu-test-1' } })
    setEnvironment(t, {
      AWS_ACCESS_KEY_ID: emulator.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: emulator.credentials.accessKeySecret,
      AWS_DEFAULT_REGION: 'eu-test-1',
      AWS_ENDPOINT_URL: emulator.endpoint,
    })
    const upload = createUploadStream('s3://my-bucket/dir/a key')
    upload.end('hello')
    const { provider, bucket, key } = await upload.done
    assert.deepEqual([provider, bucket, key], ['s3', 'my-bucket', 'dir/a key'])
    await using store = openStore({ provider: 's3', bucket: 'my-bucket' })
    assert.equal((await readAll((await store.get('dir/a key')).body)).toString(), 'hello')
  })

  it('prefers the variable that is meant for it', async (t) => {
    const { emulator } = await emulatedStore(t, { emulator: { region: 'eu-test-1' } })
    setEnvironment(t, {
      AWS_REGION: 'eu-test-1',
      AWS_DEFAULT_REGION: 'nowhere',
      AWS_ENDPOINT_URL_S3: emulator.endpoint,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    })
    await using store = openStore({ provider: 's3', bucket: 'b-1', credentials: emulator.credentials })
    await assert.rejects(store.head('k'), { code: 'NOT_FOUND' })
  })

  it('accepts credentials in the form of the providers of AWS', async (t) => {
    const credentials = { accessKeyId: 'ASIA', accessKeySecret: 'secret', securityToken: 'token' }
    const { emulator } = await emulatedStore(t, { emulator: { credentials, region: 'us-east-1' } })
    let asked = 0
    const provider = () => {
      asked += 1
      const expiration = new Date(Date.now() + 3_600_000)
      return Promise.resolve({ accessKeyId: 'ASIA', secretAccessKey: 'secret', sessionToken: 'token', expiration })
    }
    const { endpoint } = emulator
    await using store = openStore({ provider: 's3', bucket: 'b-1', endpoint, credentials: provider })
    await assert.rejects(store.head('k'), { code: 'NOT_FOUND' })
    await assert.rejects(store.head('k'), { code: 'NOT_FOUND' })
    assert.equal(asked, 1)
  })

  it('names its own variables where something is missing', async (t) => {
    setEnvironment(t, {})
    await assertRefused(
      () => openStore({ provider: 's3', credentials: KEYS }),
      ['bucket ', '(got undefined)', '(option bucket, or a target such as s3://bucket/key)'],
    )
    await assertRefused(
      () => openStore({ provider: 's3', bucket: 'b-1' }),
      ['AWS_ACCESS_KEY_ID is missing', 'AWS_SECRET_ACCESS_KEY'],
      'MISSING_CREDENTIALS',
    )
    await assertRefused(
      () => openStore({ provider: 's3', bucket: 'b-1', credentials: { accessKeyId: 'id', secretAccessKey: '' } }),
      ['accessKeySecret is missing'],
      'MISSING_CREDENTIALS',
    )
  })
})

describe('a store of OBS', () => {
  it('is read from the variables of OBS', async (t) => {
    const { emulator } = await emulatedStore(t)
    setEnvironment(t, {
      OBS_ACCESS_KEY_ID: emulator.credentials.accessKeyId,
      OBS_SECRET_ACCESS_KEY: emulator.credentials.accessKeySecret,
      OBS_REGION: emulator.region,
      OBS_ENDPOINT: emulator.endpoint,
      OBS_BUCKET: 'my-bucket',
    })
    const upload = createUploadStream('obs://my-bucket/a key')
    upload.end('hello')
    assert.equal((await upload.done).provider, 'obs')
    await using store = openStore({ provider: 'obs' })
    assert.equal(store.bucket, 'my-bucket')
    assert.equal((await readAll((await store.get('a key')).body)).toString(), 'hello')
  })

  it('uses temporary credentials from the environment', async (t) => {
    const credentials = { accessKeyId: 'STS', accessKeySecret: 'secret', securityToken: 'token' }
    const { emulator } = await emulatedStore(t, { emulator: { credentials } })
    setEnvironment(t, {
      OBS_ACCESS_KEY_ID: 'STS',
      OBS_SECRET_ACCESS_KEY: 'secret',
      OBS_SECURITY_TOKEN: 'token',
      OBS_ENDPOINT: emulator.endpoint,
    })
    await using store = openStore({ provider: 'obs', bucket: 'my-bucket' })
    await assert.rejects(store.head('k'), { code: 'NOT_FOUND' })
  })

  it('names its own variables where something is missing', async (t) => {
    setEnvironment(t, {})
    const open = (options: StoreOptions) => () => openStore(options)
    await assertRefused(open({ provider: 'obs', credentials: KEYS }), ['bucket ', '(got undefined)', 'OBS_BUCKET'])
    await assertRefused(open({ provider: 'obs', bucket: 'b-1', credentials: KEYS }), [
      'region is missing',
      'OBS_REGION',
    ])
    await assertRefused(
      open({ provider: 'obs', bucket: 'b-1', region: 'r' }),
      ['OBS_ACCESS_KEY_ID is missing', 'OBS_SECRET_ACCESS_KEY'],
      'MISSING_CREDENTIALS',
    )
  })
})

describe('an option of another service', () => {
  const cases: [options: object, ...texts: string[]][] = [
    [{ provider: 'oss', checksum: 'crc32' }, "a store of oss has no option 'checksum'", 'signatureVersion'],
    [{ provider: 'obs', network: 'internal' }, "a store of obs has no option 'network'", 'checksum'],
    [{ provider: 'obs', signPayload: true }, "a store of obs has no option 'signPayload'"],
    [{ provider: 's3', signatureVersion: 4 }, "a store of s3 has no option 'signatureVersion'", 'signPayload'],
    [{ provider: 's3', signPayload: 'yes' }, 'signPayload ', "(got 'yes')", 'true or false'],
  ]
  for (const [options, ...texts] of cases) {
    it(`is refused: ${JSON.stringify(options)}`, async () => {
      const open = () => openStore({ bucket: 'b-1', region: 'r', credentials: KEYS, ...options })
      await assertRefused(open, texts)
    })
  }

  it('is refused for an upload too', async () => {
    await using store = openStore({ provider: 'obs', bucket: 'b-1', region: 'r', credentials: KEYS })
    await assertRefused(() => store.createUploadStream('k', { forbidOverwrite: true }), ['forbidOverwrite', 'OBS'])
    await using s3 = openStore({ provider: 's3', bucket: 'b-1', credentials: KEYS })
    await assertRefused(() => s3.createUploadStream('k', { trafficLimit: 1_000_000 }), ['trafficLimit', 'S3'])
    await assertRefused(() => s3.createUploadStream('k', { partSize: 5_242_879 }), ['partSize', 'from 5,242,880'])
  })
})
