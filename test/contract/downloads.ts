import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { readAll, someBytes } from '../support/bytes.js'
import { uploadError } from '../support/errors.js'
import { crc64Of } from '../support/scripted-service.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import type { ContractSuite } from './contract-suite.js'

const RANGE = 64 * 1024

/** Objects that are read in several ranges, as a stream and into a file. */
export function downloadContract(suite: ContractSuite): void {
  describe('a download', () => {
    const verifiedBy = (algorithm: string): string => ({ crc64ecma: 'crc64', md5: 'etag' })[algorithm] ?? algorithm

    it('has all bytes in order, and is verified by what the service has of the whole', async () => {
      const { put, multipart } = suite.bucket.traits.checksums
      for (const [key, bytes, checksum] of [
        ['read', someBytes(5 * RANGE + 1), put],
        ['read in parts', someBytes(2 * suite.partSize + 1), multipart],
        ['read, of no bytes', Buffer.alloc(0), put],
      ] as const) {
        await suite.upload(key, bytes)
        // An ETag that is made of those of parts takes the sizes of the parts.
        const options = { partSize: RANGE, concurrency: 4, verify: 'etag' } as const
        const download = suite.store.createDownloadStream(suite.key(key), options)
        assert.ok(bytes.equals(await readAll(download)))
        const { verified, size, crc64 } = await download.done
        assert.deepEqual([size, crc64], [bytes.length, formatCrc64(crc64Of(bytes))])
        assert.ok([verifiedBy(checksum), 'size'].includes(verified), verified)
        // An ETag of OBS may be no MD5, as its buckets may encrypt.
        if (checksum !== 'md5') assert.equal(verified, verifiedBy(checksum))
      }
    })

    it('may be of a range', async () => {
      const bytes = someBytes(5 * RANGE)
      await suite.upload('read by range', bytes)
      for (const [start, end] of [
        [0, 0],
        [RANGE - 1, 3 * RANGE],
        [4 * RANGE, undefined],
      ] as const) {
        const range = { start, ...(end === undefined ? {} : { end }) }
        const download = suite.store.createDownloadStream(suite.key('read by range'), { partSize: RANGE, range })
        assert.ok(bytes.subarray(start, end === undefined ? undefined : end + 1).equals(await readAll(download)))
      }
      const beyond = suite.store.createDownloadStream(suite.key('read by range'), { range: { start: 5 * RANGE } })
      await assert.rejects(readAll(beyond), uploadError('REJECTED', '416'))
    })

    it('fails when the object is replaced or deleted meanwhile', async () => {
      for (const change of [
        async () => suite.upload('changed', someBytes(12 * RANGE, 2)),
        async () => suite.store.delete(suite.key('changed')),
      ]) {
        const bytes = someBytes(12 * RANGE, 1)
        await suite.upload('changed', bytes)
        const download = suite.store.createDownloadStream(suite.key('changed'), { partSize: RANGE, concurrency: 1 })
        const found: Buffer[] = []
        await assert.rejects(async () => {
          for await (const chunk of download as AsyncIterable<Buffer>) {
            if (found.length === 0) await change()
            found.push(chunk)
          }
        }, uploadError('SOURCE_CHANGED'))
        const read = Buffer.concat(found)
        assert.deepEqual(read, bytes.subarray(0, read.length))
      }
    })

    it('of what is not there fails with NOT_FOUND, and makes no file', async (t) => {
      const folder = await temporaryFolder(t)
      const missing = suite.key('missing')
      await assert.rejects(readAll(suite.store.createDownloadStream(missing)), uploadError('NOT_FOUND'))
      await assert.rejects(suite.store.downloadFile(missing, path.join(folder, 'a')), uploadError('NOT_FOUND'))
      assert.deepEqual(await readdir(folder), [])
    })

    it('into a file replaces the existing one when it is complete', async (t) => {
      const folder = await temporaryFolder(t)
      const file = path.join(folder, 'a')
      for (const bytes of [someBytes(12 * RANGE + 5), Buffer.alloc(0), someBytes(RANGE)]) {
        await suite.upload('into a file', bytes)
        const { size } = await suite.store.downloadFile(suite.key('into a file'), file, { partSize: RANGE })
        assert.equal(size, bytes.length)
        assert.ok(bytes.equals(await readFile(file)))
        assert.deepEqual(await readdir(folder), ['a'])
      }
    })
  })
}
