import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readAll, someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import type { ContractSuite } from './contract-suite.js'
import { UNUSUAL_KEYS } from './keys.js'

/** Objects: put, made of parts, read, listed, replaced, kept, deleted, with any key. */
export function objectContract(suite: ContractSuite): void {
  describe('an object', () => {
    it('that fits in a part is one request, and known to be whole', async () => {
      const bytes = someBytes(70_000)
      const result = await suite.upload('put', bytes)
      assert.equal(result.parts, 1)
      assert.equal(result.uploadId, undefined)
      assert.equal(result.checksum?.algorithm, suite.bucket.traits.checksums.put)
      assert.notEqual(result.requestId, '')
      const head = await suite.store.head(suite.key('put'))
      assert.equal(head.size, bytes.length)
      assert.equal(head.etag, result.etag)
      assert.deepEqual(head.checksum, result.checksum)
      assert.deepEqual(await suite.contentOf('put'), bytes)
    })

    it('may be empty', async () => {
      const result = await suite.upload('empty', Buffer.alloc(0))
      assert.equal(result.size, 0)
      assert.equal(result.checksum?.algorithm, suite.bucket.traits.checksums.put)
      assert.deepEqual(await suite.contentOf('empty'), Buffer.alloc(0))
    })

    it('that does not fit is made of parts, and known to be whole', async () => {
      const bytes = someBytes(2 * suite.partSize + 1)
      const result = await suite.upload('parts', bytes)
      assert.equal(result.parts, 3)
      assert.equal(result.checksum?.algorithm, suite.bucket.traits.checksums.multipart)
      const head = await suite.store.head(suite.key('parts'))
      assert.equal(head.size, bytes.length)
      assert.equal(head.etag, result.etag)
      assert.deepEqual(head.checksum, result.checksum)
      assert.ok((await suite.contentOf('parts')).equals(bytes))
      assert.deepEqual(await suite.unfinished('parts'), [])
    })

    it('is read in ranges', async () => {
      const bytes = someBytes(1000)
      await suite.upload('ranges', bytes)
      for (const [start, end] of [
        [0, 0],
        [10, 19],
        [990, undefined],
      ] as const) {
        const { body, size } = await suite.store.get(suite.key('ranges'), {
          range: { start, ...(end === undefined ? {} : { end }) },
        })
        assert.equal(size, 1000)
        assert.deepEqual(await readAll(body), bytes.subarray(start, end === undefined ? undefined : end + 1))
      }
      await assert.rejects(
        suite.store.get(suite.key('ranges'), { range: { start: 1000 } }),
        uploadError('REJECTED', '416'),
      )
    })

    it('keeps what was said of it, put in one or in parts', async () => {
      const options = {
        contentType: 'text/plain; charset=utf-8',
        metadata: { Author: 'me', 'with-dashes-1': `inner  spaces !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`, empty: '' },
        headers: {
          'Cache-Control': 'max-age=60',
          'Content-Disposition': 'attachment; filename="a b.txt"',
          'Content-Language': 'en',
        },
        tagging: { project: 'a+b c', é: 'ü/=&' },
      }
      for (const [key, bytes, tags] of [
        ['returned', someBytes(10), 2],
        ['returned for parts', someBytes(suite.partSize + 1), suite.bucket.traits.tagsOfParts === 'kept' ? 2 : 0],
      ] as const) {
        await suite.upload(key, bytes, options)
        const { contentType, metadata, headers, lastModified, tagCount } = await suite.store.head(suite.key(key))
        assert.equal(contentType, options.contentType)
        assert.equal(metadata['author'], 'me')
        assert.equal(metadata['with-dashes-1'], options.metadata['with-dashes-1'])
        assert.equal(metadata['empty'] ?? '', '')
        assert.equal(headers['cache-control'], 'max-age=60')
        assert.equal(headers['content-disposition'], 'attachment; filename="a b.txt"')
        assert.equal(tagCount, tags)
        assert.ok(Math.abs(Number(lastModified) - Date.now()) < 300_000)
      }
    })

    it('replaces the one that was there', async () => {
      await suite.upload('replaced', someBytes(10, 1))
      await suite.upload('replaced', someBytes(20, 2))
      assert.deepEqual(await suite.contentOf('replaced'), someBytes(20, 2))
      await suite.upload('replaced', someBytes(suite.partSize + 1, 3))
      assert.ok((await suite.contentOf('replaced')).equals(someBytes(suite.partSize + 1, 3)))
    })

    it('stays where it may not be replaced', async () => {
      const first = someBytes(10, 1)
      await suite.upload('kept', first)
      const again = (bytes: Uint8Array): Promise<unknown> => suite.upload('kept', bytes, { forbidOverwrite: true })
      if (suite.bucket.traits.keepsObjects) {
        await assert.rejects(again(someBytes(20, 2)), uploadError('ALREADY_EXISTS'))
        await assert.rejects(again(someBytes(suite.partSize + 1, 3)), uploadError('ALREADY_EXISTS'))
        await suite.upload('new', first, { forbidOverwrite: true })
        await suite.upload('new in parts', someBytes(suite.partSize + 1), { forbidOverwrite: true })
      } else {
        await assert.rejects(again(someBytes(20, 2)), invalidOption('forbidOverwrite'))
      }
      assert.deepEqual(await suite.contentOf('kept'), first)
      assert.deepEqual(await suite.unfinished('kept'), [])
    })

    it('is deleted, also when it is not there', async () => {
      await suite.upload('deleted', someBytes(10))
      await suite.store.delete(suite.key('deleted'))
      assert.equal(await exists(suite.store, suite.key('deleted')), false)
      await suite.store.delete(suite.key('deleted'))
    })

    it('may have an unusual key', async () => {
      for (const key of UNUSUAL_KEYS) {
        const bytes = Buffer.from(key)
        await suite.upload(key, bytes)
        assert.deepEqual(await suite.contentOf(key), bytes, JSON.stringify(key))
        await suite.store.delete(suite.key(key))
      }
    })
  })
}
