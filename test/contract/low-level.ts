import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import type { CompletedPart, UploadAddress } from '../../src/index.js'
import { someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import type { ContractSuite } from './contract-suite.js'

/** Multipart uploads call by call. */
export function lowLevelContract(suite: ContractSuite): void {
  describe('a low-level upload', () => {
    async function send(address: UploadAddress, partNumber: number, bytes: Buffer) {
      return suite.store.uploadPart(address, partNumber, bytes, { contentMd5: partNumber === 1 })
    }

    it('accepts parts in any order, and again', async () => {
      const address = await suite.initiate('low-level')
      const [a, b, c] = [someBytes(suite.partSize, 1), someBytes(suite.partSize + 7, 2), someBytes(100, 3)]
      const last = await send(address, 3, c)
      await send(address, 1, someBytes(suite.partSize, 9))
      const middle = await send(address, 2, b)
      const first = await send(address, 1, a)
      const listed = []
      for await (const { partNumber, size, etag } of suite.store.listParts(address))
        listed.push([partNumber, size, etag])
      assert.deepEqual(
        listed.map(([partNumber, size]) => [partNumber, size]),
        [
          [1, a.length],
          [2, b.length],
          [3, c.length],
        ],
      )
      assert.deepEqual(
        listed.map(([, , etag]) => bare(etag)),
        [first, middle, last].map(({ etag }) => bare(etag)),
      )
      const stored = await suite.store.completeMultipartUpload(address, [last, first, middle])
      assert.ok((await suite.contentOf('low-level')).equals(Buffer.concat([a, b, c])))
      if (stored.etag !== '') assert.equal((await suite.store.head(address.key)).etag, stored.etag)
    })

    it('accepts parts from streams and from slices of Blobs', async () => {
      const address = await suite.initiate('streams')
      const bytes = someBytes(2 * suite.partSize + 100)
      const [first, second] = [bytes.subarray(0, suite.partSize), bytes.subarray(suite.partSize, 2 * suite.partSize)]
      const blob = new Blob([bytes])
      const parts = await Promise.all([
        suite.store.uploadPart(address, 3, blob.slice(2 * suite.partSize)),
        suite.store.uploadPart(address, 1, Readable.from([first]), { length: first.length, contentMd5: true }),
        suite.store.uploadPart(address, 2, new Blob([second]).stream(), { length: second.length }),
      ])
      const tooShort = suite.store.uploadPart(address, 4, Readable.from(['x']), { length: 2 })
      await assert.rejects(tooShort, invalidOption('length ', '(got 2)'))
      const numbers = []
      for await (const { partNumber } of suite.store.listParts(address)) numbers.push(partNumber)
      assert.deepEqual(numbers, [1, 2, 3])
      await suite.store.completeMultipartUpload(address, parts)
      assert.ok((await suite.contentOf('streams')).equals(bytes))
    })

    it('accepts parts with gaps between their numbers, or refuses to', async () => {
      const address = await suite.initiate('gaps')
      const first = await send(address, 2, someBytes(suite.partSize, 1))
      const last = await send(address, 9, someBytes(10, 2))
      const complete = suite.store.completeMultipartUpload(address, [first, last])
      if (suite.bucket.traits.gaps === 'taken') {
        await complete
        assert.ok(
          (await suite.contentOf('gaps')).equals(Buffer.concat([someBytes(suite.partSize, 1), someBytes(10, 2)])),
        )
      } else {
        await assert.rejects(complete, refusedWith('InvalidPartOrder'))
        await suite.store.abortMultipartUpload(address)
      }
    })

    it('is listed part by part, page by page', async () => {
      const address = await suite.initiate('pages of parts')
      for (const partNumber of [1, 2, 3, 5, 8]) await send(address, partNumber, someBytes(partNumber))
      const numbers: number[] = []
      for await (const part of suite.store.listParts(address, { pageSize: 2 })) {
        assert.equal(part.size, part.partNumber)
        numbers.push(part.partNumber)
      }
      assert.deepEqual(numbers, [1, 2, 3, 5, 8])
      const after: number[] = []
      for await (const { partNumber } of suite.store.listParts(address, { after: 2, pageSize: 2 }))
        after.push(partNumber)
      assert.deepEqual(after, [3, 5, 8])
      const pages = []
      for await (const { parts, next } of suite.store.listPartPages(address, { pageSize: 2, limit: 3 })) {
        pages.push([parts.map(({ partNumber }) => partNumber), next])
      }
      assert.deepEqual(pages, [
        [[1, 2], 2],
        [[3], 3],
      ])
      await suite.store.abortMultipartUpload(address)
    })

    it('publishes nothing of a part that is too small, or is not there', async () => {
      const address = await suite.initiate('too small')
      const small = await send(address, 1, someBytes(suite.partSize - 1))
      const last = await send(address, 2, someBytes(1))
      await assert.rejects(suite.store.completeMultipartUpload(address, [small, last]), refusedWith('EntityTooSmall'))
      const missing = { partNumber: 3, etag: last.etag }
      await assert.rejects(suite.store.completeMultipartUpload(address, [missing]), refusedWith('InvalidPart'))
      const another = { ...last, etag: `"${'0'.repeat(32)}"` }
      await assert.rejects(suite.store.completeMultipartUpload(address, [another]), refusedWith('InvalidPart'))
      assert.equal(await exists(suite.store, address.key), false)
      await suite.store.abortMultipartUpload(address)
    })

    it('leaves out parts that are not listed, or refuses to', async () => {
      const address = await suite.initiate('left out')
      const first = await send(address, 1, someBytes(10, 1))
      await send(address, 2, someBytes(10, 2))
      const complete = suite.store.completeMultipartUpload(address, [first])
      if (suite.bucket.traits.unlistedParts === 'dropped') {
        await complete
        assert.deepEqual(await suite.contentOf('left out'), someBytes(10, 1))
      } else {
        await assert.rejects(complete, refusedWith('InvalidPart'))
        await suite.store.abortMultipartUpload(address)
      }
    })

    it('is over once it is completed', async () => {
      const address = await suite.initiate('over')
      const part: CompletedPart = await send(address, 1, someBytes(10))
      await suite.store.completeMultipartUpload(address, [part])
      const again = suite.store.completeMultipartUpload(address, [part])
      if (suite.bucket.traits.secondComplete === 'refused') await assert.rejects(again, uploadError('NO_SUCH_UPLOAD'))
      else await again
      assert.deepEqual(await suite.contentOf('over'), someBytes(10))
      await assert.rejects(send(address, 2, someBytes(10)), uploadError('NO_SUCH_UPLOAD'))
      assert.deepEqual(await suite.unfinished('over'), [])
    })

    it('is gone once it is aborted, however often', async () => {
      const address = await suite.initiate('given up')
      const part = await send(address, 1, someBytes(10))
      await suite.store.abortMultipartUpload(address)
      await suite.store.abortMultipartUpload(address)
      await assert.rejects(send(address, 2, someBytes(10)), uploadError('NO_SUCH_UPLOAD'))
      await assert.rejects(
        suite.store.completeMultipartUpload(address, [part]),
        uploadError(suite.bucket.traits.completeOfNothing),
      )
      await assert.rejects(suite.store.listParts(address).next(), uploadError('NO_SUCH_UPLOAD'))
      assert.deepEqual(await suite.unfinished('given up'), [])
      assert.equal(await exists(suite.store, address.key), false)
    })
  })
}

function refusedWith(serviceCode: string): (error: unknown) => boolean {
  return (error) => uploadError('REJECTED', serviceCode)(error)
}

/** ETags come with quotes or without, in upper or lower case. */
function bare(etag: unknown): string {
  return String(etag).replaceAll('"', '').toLowerCase()
}
