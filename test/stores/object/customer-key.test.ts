/** Keys of the caller (SSE-C) that a service ignores. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { someBytes } from '../../support/bytes.js'
import { unfinishedUploads } from '../../support/emulated-store.js'
import { providerStore } from '../../support/provider-store.js'

const MIB = 1024 ** 2
const options = { serverSideEncryption: { customerKey: Buffer.alloc(32, 1) }, partSize: 5 * MIB }

describe('a service that ignores the customer key', () => {
  for (const provider of ['s3', 'obs'] as const) {
    it(`is noticed before parts become an object, on ${provider}`, async (t) => {
      const { emulator, store } = await providerStore(t, { provider })
      const headers = { etag: `"${'0'.repeat(32)}"` }
      emulator.faults.inject({
        match: { operation: 'UploadPart' },
        times: Infinity,
        action: { type: 'answer', status: 200, headers, commit: true },
      })
      const upload = store.upload('key', someBytes(6 * MIB), options)
      await assert.rejects(upload, { code: 'REJECTED', message: /ignored serverSideEncryption.customerKey/ })
      await assert.rejects(store.head('key', { serverSideEncryption: options.serverSideEncryption }), {
        code: 'NOT_FOUND',
      })
      assert.deepEqual(await unfinishedUploads(store), [])
    })

    it(`is noticed when the object was sent in one request, on ${provider}`, async (t) => {
      const { emulator, store } = await providerStore(t, { provider })
      const headers = { etag: '"9a0364b9e99bb480dd25e1f0284c8555"' }
      emulator.faults.inject({
        match: { operation: 'PutObject' },
        action: { type: 'answer', status: 200, headers, commit: true },
      })
      const upload = store.upload('key', 'content', options)
      await assert.rejects(upload, { code: 'REJECTED', message: /the object is stored without it/, attempts: 1 })
    })

    it(`is not one that heeds it, on ${provider}`, async (t) => {
      const { store } = await providerStore(t, { provider })
      for (const size of [10, 6 * MIB]) await store.upload('key', someBytes(size), options)
    })
  }
})
