import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ListUploadsOptions, UploadsMarker } from '../../src/index.js'
import { someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
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

    it('of one key are distinguished', async () => {
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

    it('are grouped by a delimiter, in pages that can be requested one by one', async () => {
      const keys = ['grouped/', 'grouped/1', 'grouped/2/x', 'grouped/2/y', 'grouped/3 +ü/x', 'grouped/4']
      for (const key of keys) await suite.initiate(key)
      for (const pageSize of [1, 2, 1000]) {
        const found: string[] = []
        let after: UploadsMarker | undefined
        do {
          const options = { prefix: suite.key('grouped/'), delimiter: '/', pageSize, after }
          const { value: page } = await suite.store.listMultipartUploadPages(options).next()
          assert.ok(page !== undefined)
          assert.ok(page.uploads.length + page.commonPrefixes.length <= pageSize)
          found.push(...page.uploads.map(({ key }) => key), ...page.commonPrefixes)
          after = page.next
        } while (after !== undefined)
        const prefixes = suite.bucket.traits.groupedUploads === 'returned' ? ['grouped/2/', 'grouped/3 +ü/'] : []
        const expected = ['grouped/', 'grouped/1', ...prefixes, 'grouped/4']
        assert.deepEqual(found.sort(), expected.map((key) => suite.key(key)).sort(), `in pages of ${pageSize}`)
      }
    })

    it('are listed from a key on, and so many', async () => {
      for (const key of ['from/a', 'from/b', 'from/b', 'from/c', 'from/d']) await suite.initiate(key)
      const prefix = suite.key('from/')
      const listed = async (options: Omit<ListUploadsOptions, 'prefix'>): Promise<string[]> => {
        const keys = []
        for await (const { key } of suite.store.listMultipartUploads({ prefix, ...options }))
          keys.push(key.at(-1) ?? '')
        return keys
      }
      assert.deepEqual(await listed({ after: { key: suite.key('from/b') } }), ['c', 'd'])
      assert.deepEqual(await listed({ limit: 3 }), ['a', 'b', 'b'])
      assert.deepEqual(await listed({ limit: 3, pageSize: 2 }), ['a', 'b', 'b'])
      assert.deepEqual(await listed({ after: { key: suite.key('from/a') }, limit: 2 }), ['b', 'b'])
    })

    it('are aborted when they are old, and stay when they are young', async () => {
      for (const key of ['stale/1', 'stale/2', 'stale/2', 'stale or not']) await suite.initiate(key)
      const prefix = suite.key('stale/')
      const hour = 3_600_000
      const none = { aborted: [], failed: [], kept: 3 }
      assert.deepEqual(await suite.store.abortStaleUploads({ prefix, olderThanMs: hour }), none)
      assert.deepEqual(await suite.store.abortStaleUploads({ prefix, before: new Date(Date.now() - hour) }), none)
      const before = new Date(Date.now() + hour)
      const dry = await suite.store.abortStaleUploads({ prefix, before, dryRun: true })
      assert.deepEqual([dry.aborted.length, dry.kept], [3, 0])
      assert.equal((await suite.unfinished('stale/')).length, 3)
      const { aborted, failed, kept } = await suite.store.abortStaleUploads({ prefix, before })
      assert.deepEqual(
        aborted.map(({ key }) => key).sort(),
        ['stale/1', 'stale/2', 'stale/2'].map((key) => suite.key(key)),
      )
      assert.deepEqual([failed, kept], [[], 0])
      assert.deepEqual(await suite.unfinished('stale'), ['stale or not'])
    })

    it('are left by no stream that is aborted', async () => {
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
