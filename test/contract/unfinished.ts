import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { someBytes } from '../support/bytes.js'
import { exists } from '../support/embedded-store.js'
import { uploadError } from '../support/errors.js'
import type { ContractSuite } from './contract-suite.js'
import { UNUSUAL_KEYS } from './keys.js'

/** Uploads that are not completed. */
export function unfinishedContract(suite: ContractSuite): void {
  describe('unfinished uploads', () => {
    it('are listed by their unusual keys in order, page by page', async () => {
      const folder = 'unfinished/'
      const uploads = []
      for (const key of [...UNUSUAL_KEYS].reverse()) uploads.push(await suite.initiate(folder + key))
      const expected = UNUSUAL_KEYS.map((key) => folder + key)
      for (const pageSize of [1, 5, 1000]) assert.deepEqual(await suite.unfinished(folder, pageSize), expected)
      assert.deepEqual(await suite.unfinished(`${folder}a+`), [`${folder}a+b`])
      for (const address of uploads) await suite.store.abortMultipartUpload(address)
      assert.deepEqual(await suite.unfinished(folder), [])
    })

    it('of one key are told apart', async () => {
      const uploads = []
      for (let i = 0; i < 5; i += 1) uploads.push(await suite.initiate('the same'))
      const ids: string[] = []
      for await (const { uploadId } of suite.store.listMultipartUploads({
        prefix: suite.key('the same'),
        pageSize: 2,
      })) {
        ids.push(uploadId)
      }
      assert.deepEqual(ids.sort(), uploads.map(({ uploadId }) => uploadId).sort())
      for (const address of uploads) await suite.store.abortMultipartUpload(address)
    })

    it('are left by no stream that is given up', async () => {
      const stream = suite.store.createUploadStream(suite.key('a stream given up'), { partSize: suite.partSize })
      stream.on('error', () => undefined)
      stream.write(someBytes(suite.partSize + 1))
      await new Promise((resolve) => stream.once('initiated', resolve))
      stream.destroy()
      await assert.rejects(stream.done, uploadError('ABORTED'))
      assert.deepEqual(await suite.unfinished('a stream given up'), [])
      assert.equal(await exists(suite.store, suite.key('a stream given up')), false)
    })
  })
}
