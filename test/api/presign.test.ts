import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { OssStoreOptions } from '../../src/index.js'
import { openStore } from '../../src/index.js'
import { emulatedStore } from '../support/emulated-store.js'
import { invalidOption } from '../support/errors.js'
import { assertRefused } from '../support/refusal.js'

const MINUTE = 60_000

describe('a presigned link', () => {
  for (const provider of ['oss', 'obs', 's3'] as const) {
    it(`of ${provider} is valid until its time is over`, async (t) => {
      let now = Date.now()
      const { store } = await emulatedStore(t, {
        emulator: { now: () => new Date(now) },
        store: { provider } as OssStoreOptions,
      })
      await store.upload('key', 'content')
      const link = await store.presign('key', { expiresIn: 60 })
      now += MINUTE - 10_000
      assert.equal(await (await fetch(link)).text(), 'content')
      now += 20_000
      assert.equal((await fetch(link)).status, 403)
    })
  }

  it('starts at the time of the service, once the store knows it', async (t) => {
    const { store } = await emulatedStore(t, { emulator: { now: () => new Date(Date.now() - 60 * MINUTE) } })
    await store.upload('key', 'content')
    assert.equal((await fetch(await store.presign('key', { expiresIn: 60 }))).status, 200)
  })

  it('contains the token of temporary credentials, requested when it is created', async () => {
    let asked = 0
    const credentials = () => {
      asked += 1
      return { accessKeyId: 'ID', accessKeySecret: 'SECRET', securityToken: 'TO/KEN+=' }
    }
    await using store = openStore({ bucket: 'bucket', region: 'cn-hangzhou', credentials })
    const url = new URL(await store.presign('a key', { expiresIn: 604_800 }))
    assert.equal(url.origin + url.pathname, 'https://bucket.oss-cn-hangzhou.aliyuncs.com/a%20key')
    assert.equal(url.searchParams.get('x-oss-security-token'), 'TO/KEN+=')
    assert.equal(url.searchParams.get('x-oss-expires'), '604800')
    assert.ok(!url.href.includes('SECRET'))
    assert.equal(asked, 1)
  })

  it('may name a version', async () => {
    const credentials = { accessKeyId: 'ID', accessKeySecret: 'SECRET' }
    for (const provider of ['oss', 'obs', 's3'] as const) {
      await using store = openStore({
        provider,
        bucket: 'bucket',
        region: 'eu-west-1',
        credentials,
        endpoint: 'e.test',
      })
      assert.equal(new URL(await store.presign('k', { versionId: 'v/1' })).searchParams.get('versionId'), 'v/1')
    }
  })

  it('is refused where the store adds headers to its requests', async () => {
    const credentials = { accessKeyId: 'ID', accessKeySecret: 'SECRET' }
    const place = { bucket: 'bucket', region: 'cn-hangzhou', credentials }
    await using store = openStore({ ...place, requestPayer: 'requester' })
    await assert.rejects(store.presign('key'), invalidOption('requestPayer', 'x-oss-request-payer'))
  })

  it('is refused for a key whose URL clients would change', async (t) => {
    const { store } = await emulatedStore(t)
    for (const key of ['a/../b', './a', 'a/.']) await assert.rejects(store.presign(key), invalidOption('key must', key))
    const { pathname } = new URL(await store.presign('a..b/...'))
    assert.ok(pathname.endsWith('/a..b/...'))
  })

  const refusals: readonly [options: object, ...texts: string[]][] = [
    [{ method: 'DELETE' }, 'method must be one of', "'GET', 'PUT'"],
    [{ expiresIn: 0 }, 'expiresIn must', 'from 1 to 604,800 seconds', '(got 0)'],
    [{ expiresIn: 604_801 }, 'expiresIn must', '(got 604801)'],
    [{ contentType: 'text/csv' }, 'contentType must', "method 'GET'"],
    [{ method: 'PUT', contentType: 'a\nb' }, 'contentType must', 'printable ASCII'],
    [{ method: 'PUT', versionId: 'v' }, 'versionId must', "method 'PUT'"],
    [{ expires: 60 }, "presign() has no option 'expires'", 'expiresIn'],
  ]
  for (const [options, ...texts] of refusals) {
    it(`is refused with ${JSON.stringify(options)}`, async (t) => {
      const { store, emulator } = await emulatedStore(t)
      await assertRefused(() => store.presign('key', options), texts)
      assert.equal(emulator.requests.length, 0)
    })
  }
})
