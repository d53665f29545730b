/** Objects that OBS encrypts, in clusters whose answers have no CRC-64: their ETags are no MD5, whoever asked for it. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { EmulatorOptions } from '../../../src/emulator/index.js'
import type { ObjectOptions } from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { providerStore } from '../../support/provider-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const KIB = 1024

const CASES: readonly { name: string; emulator: EmulatorOptions; upload: ObjectOptions }[] = [
  { name: 'AES256 by option', emulator: {}, upload: { serverSideEncryption: 'AES256' } },
  { name: 'KMS by option', emulator: {}, upload: { serverSideEncryption: 'kms' } },
  { name: 'a customer key', emulator: {}, upload: { serverSideEncryption: { customerKey: Buffer.alloc(32, 1) } } },
  ...(['AES256', 'kms'] as const).flatMap((algorithm) =>
    [true, false].map((isTold) => ({
      name: `${algorithm} by the bucket's default, ${isTold ? 'which answers name' : 'which no answer names'}`,
      emulator: { obsEncryption: { algorithm, isTold } },
      upload: {},
    })),
  ),
]

describe('an object that OBS encrypts without telling its CRC-64', () => {
  for (const { name, emulator: emulatorOptions, upload } of CASES) {
    it(`is stored and read with ${name}`, async (t) => {
      const { emulator, store } = await providerStore(
        t,
        { provider: 'obs' },
        { obsChecksums: false, ...emulatorOptions },
      )
      for (const size of [10, 450 * KIB]) {
        const bytes = someBytes(size)
        const result = await store.upload('key', bytes, { ...upload, partSize: 100 * KIB })
        assert.equal(result.size, size)
        const { body } = await store.get('key', upload)
        assert.ok((await readAll(body)).equals(bytes))
      }
      // Each part that counts was checked by the service itself.
      const parts = emulator.requests.filter(({ operation }) => operation === 'UploadPart')
      const checked = new Set(
        parts.filter(({ headers }) => 'content-md5' in headers).map(({ query }) => query['partNumber']),
      )
      assert.equal(checked.size, 5)
    })
  }

  describe('by a default of the bucket that no response names', () => {
    const options = { obsChecksums: false, obsEncryption: { algorithm: 'AES256', isTold: false } } as const

    for (const size of [10, 450 * KIB]) {
      it(`is read by every call of a store that has uploaded nothing, ${size} bytes`, async (t) => {
        const { store, openAnother } = await providerStore(t, { provider: 'obs' }, options)
        const bytes = someBytes(size)
        await store.upload('key', bytes, { partSize: 100 * KIB })
        const reader = openAnother()
        const { body } = await reader.get('key')
        assert.ok((await readAll(body)).equals(bytes))
        const download = reader.createDownloadStream('key', { verify: 'etag', partSize: 100 * KIB })
        assert.ok((await readAll(download)).equals(bytes))
        const { verified, checksum } = await download.done
        assert.deepEqual({ verified, checksum }, { verified: 'size', checksum: undefined })
        const file = join(await temporaryFolder(t), 'file')
        assert.equal((await reader.downloadFile('key', file)).verified, 'size')
        assert.ok((await readFile(file)).equals(bytes))
      })
    }

    it('is made of parts that another store has sent', async (t) => {
      const { store, openAnother } = await providerStore(t, { provider: 'obs' }, options)
      const uploadId = await store.initiateMultipartUpload('key')
      const bytes = someBytes(250 * KIB)
      const sent = []
      for (const { partNumber, start, end } of store.planParts(bytes.length, { partSize: 100 * KIB })) {
        sent.push(await store.uploadPart({ key: 'key', uploadId }, partNumber, bytes.subarray(start, end + 1)))
      }
      const result = await openAnother().completeMultipartUpload({ key: 'key', uploadId }, sent)
      assert.equal(result.checksum, undefined)
    })
  })

  it('has its ETag compared where it is an MD5 all the same', async (t) => {
    const { store } = await providerStore(t, { provider: 'obs' }, { obsChecksums: false })
    await store.upload('key', someBytes(10))
    const download = store.createDownloadStream('key')
    await readAll(download)
    assert.equal((await download.done).verified, 'etag')
  })

  it('is refused if its bytes change in transit', async (t) => {
    const { emulator, store } = await providerStore(
      t,
      { provider: 'obs', retry: { maxAttempts: 1 } },
      { obsChecksums: false, obsEncryption: { algorithm: 'AES256', isTold: false } },
    )
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      times: Infinity,
      action: { type: 'error', status: 400, code: 'BadDigest' },
    })
    await assert.rejects(store.upload('key', someBytes(250 * KIB), { partSize: 100 * KIB }), { code: 'REJECTED' })
    await assert.rejects(store.head('key'), { code: 'NOT_FOUND' })
  })
})
