import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import { UploadError } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { invalidOption } from '../support/errors.js'
import type { ContractSuite } from './contract-suite.js'

/** Objects encrypted with a customer key, which goes along with each request that touches their bytes. */
export function encryptionContract(suite: ContractSuite): void {
  describe('an object encrypted with a customer key', () => {
    const serverSideEncryption = { customerKey: Buffer.from('a key of the caller, of 32 bytes') }
    const another = { customerKey: Buffer.alloc(32, 7) }

    it('is read with that key alone, put in one or in parts', async () => {
      if (!suite.bucket.traits.customerKeys) {
        const upload = suite.upload('encrypted', someBytes(10), { serverSideEncryption })
        await assert.rejects(upload, invalidOption('serverSideEncryption.customerKey'))
        return
      }
      for (const size of [10_000, suite.partSize + 1]) {
        const key = `encrypted ${size}`
        const bytes = someBytes(size)
        const { etag } = await suite.upload(key, bytes, { serverSideEncryption })
        const head = await suite.store.head(suite.key(key), { serverSideEncryption })
        assert.equal(head.size, size)
        assert.equal(head.etag, etag)
        assert.deepEqual(head.serverSideEncryption, { algorithm: 'AES256', isCustomerKey: true })
        const { body } = await suite.store.get(suite.key(key), { serverSideEncryption })
        assert.ok((await readAll(body)).equals(bytes))
        for (const options of [{}, { serverSideEncryption: another }]) {
          await assert.rejects(suite.store.get(suite.key(key), options), (error) => {
            assert.ok(error instanceof UploadError)
            assert.ok(['REJECTED', 'ACCESS_DENIED'].includes(error.code), error.message)
            return true
          })
        }
      }
    })

    it('is completed by low-level calls, each part with the key', async () => {
      if (!suite.bucket.traits.customerKeys) return
      const key = suite.key('encrypted low-level')
      const address = { key, uploadId: await suite.store.initiateMultipartUpload(key, { serverSideEncryption }) }
      const part = await suite.store.uploadPart(address, 1, someBytes(10), { serverSideEncryption, contentMd5: true })
      await suite.store.completeMultipartUpload(address, [part], { serverSideEncryption })
      const { body } = await suite.store.get(key, { serverSideEncryption })
      assert.deepEqual(await readAll(body), someBytes(10))
    })
  })
}
