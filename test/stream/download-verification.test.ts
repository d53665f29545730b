import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import type { Fault } from '../../src/emulator/index.js'
import type { ObjectStore } from '../../src/index.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { readAll, someBytes } from '../support/bytes.js'
import { uploadError } from '../support/errors.js'
import { providerStore } from '../support/provider-store.js'
import { crc64Of } from '../support/scripted-service.js'

const RANGE = 64 * KiB

const S3 = { provider: 's3', addressing: 'path', checksum: 'md5' } as const

/** Lets parts be smaller than the 5 MiB that S3 asks for: what is verified is the same. */
const SMALL_PARTS = { limits: { minPartSize: 1 } }

/** Puts an object of parts of so many ranges each. */
async function putInParts(store: ObjectStore, sizes: readonly number[]): Promise<Buffer> {
  const bytes = someBytes(sizes.reduce((sum, size) => sum + size, 0) * RANGE)
  const uploadId = await store.initiateMultipartUpload('a')
  const parts = []
  let at = 0
  for (const [index, size] of sizes.entries()) {
    parts.push(await store.uploadPart({ key: 'a', uploadId }, index + 1, bytes.subarray(at, at + size * RANGE)))
    at += size * RANGE
  }
  await store.completeMultipartUpload({ key: 'a', uploadId }, parts)
  return bytes
}

describe('a download stream of another service', () => {
  it('is verified by what the service has', async (t) => {
    const cases = [
      [{ provider: 's3', checksum: 'crc32' }, 'crc32'],
      [{ provider: 's3', checksum: 'crc64nvme' }, 'crc64nvme'],
      [{ provider: 'obs' }, 'crc64'],
    ] as const
    const bytes = someBytes(12 * MiB)
    for (const [options, verified] of cases) {
      const { store } = await providerStore(t, { addressing: 'path', ...options })
      await store.upload('a', bytes, { partSize: 5 * MiB })
      const download = store.createDownloadStream('a', { partSize: 2 * MiB })
      assert.ok(bytes.equals(await readAll(download)))
      const result = await download.done
      assert.deepEqual([result.verified, result.crc64], [verified, formatCrc64(crc64Of(bytes))])
    }
  })

  it('uses the MD5 of an object uploaded by one PUT', async (t) => {
    const { store } = await providerStore(t, S3)
    const bytes = someBytes(MiB)
    await store.upload('a', bytes)
    const download = store.createDownloadStream('a', { partSize: 256 * KiB })
    assert.ok(bytes.equals(await readAll(download)))
    assert.equal((await download.done).verified, 'etag')
  })

  it('uses the MD5s of parts of any sizes with an option', async (t) => {
    const { store, emulator } = await providerStore(t, S3, SMALL_PARTS)
    for (const sizes of [
      [5, 5, 2],
      [5, 6, 1],
      // The first and the last are as if all were equal.
      [6, 5, 7, 5],
      [7],
    ]) {
      const bytes = await putInParts(store, sizes)
      const bySize = store.createDownloadStream('a', { partSize: 2 * RANGE })
      bySize.resume()
      assert.equal((await bySize.done).verified, 'size')
      const byParts = store.createDownloadStream('a', { partSize: 2 * RANGE, verify: 'etag' })
      assert.ok(bytes.equals(await readAll(byParts)))
      assert.equal((await byParts.done).verified, 'etag')
      for (const operation of ['HeadObject', 'GetObject'] as const) {
        const action = { type: 'wrong-etag', etag: `"${'0'.repeat(32)}-${sizes.length}"` } as const
        emulator.faults.inject({ match: { operation }, action, times: Infinity })
      }
      const wrong = store.createDownloadStream('a', { partSize: 32 * MiB, verify: 'etag' })
      await assert.rejects(readAll(wrong), uploadError('CHECKSUM_MISMATCH', 'have ETag'))
      emulator.faults.clear()
    }
  })

  it('is verified by its size where the service does not say how large its parts are', async (t) => {
    const { store, emulator } = await providerStore(t, S3, SMALL_PARTS)
    const bytes = await putInParts(store, [5, 6, 1])
    const whole = { 'Content-Length': String(bytes.length), ETag: (await store.head('a')).etag }
    const answers: Fault['action'][] = [
      { type: 'error', status: 501, code: 'NotImplemented' },
      { type: 'error', status: 400, code: 'InvalidArgument' },
      { type: 'answer', status: 200, headers: { ...whole, 'x-amz-request-id': 'R' } },
    ]
    for (const action of answers) {
      // The first asks for the checksum of the whole.
      emulator.faults.inject({ match: { operation: 'HeadObject' }, skip: 1, action, times: Infinity })
      const download = store.createDownloadStream('a', { partSize: 2 * RANGE, verify: 'etag' })
      assert.ok(bytes.equals(await readAll(download)))
      assert.equal((await download.done).verified, 'size')
      emulator.faults.clear()
    }
  })

  it('fails where the object is replaced or deleted while the sizes of its parts are requested', async (t) => {
    const { store, emulator } = await providerStore(t, S3, SMALL_PARTS)
    await putInParts(store, [5, 1])
    const actions: Fault['action'][] = [{ type: 'wrong-etag' }, { type: 'error', status: 404, code: 'NoSuchKey' }]
    for (const action of actions) {
      // The first asks for the checksum of the whole.
      for (const skip of [0, 2]) {
        emulator.faults.inject({ match: { operation: 'HeadObject' }, skip, action, times: Infinity })
        const download = store.createDownloadStream('a', { verify: 'etag' })
        await assert.rejects(readAll(download), uploadError('SOURCE_CHANGED', '"a" was '))
        emulator.faults.clear()
      }
    }
  })

  it('does not end before its reader has taken all', async (t) => {
    const { store } = await providerStore(t, { provider: 's3', addressing: 'path' })
    const bytes = someBytes(MiB)
    await store.upload('a', bytes)
    let taken = 0
    const slow = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, callback) {
        taken += chunk.length
        setImmediate(callback)
      },
    })
    await pipeline(store.createDownloadStream('a', { partSize: RANGE }), slow)
    assert.equal(taken, bytes.length)
  })
})
