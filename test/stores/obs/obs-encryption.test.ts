/** Objects that OBS encrypts, in clusters whose answers have no CRC-64: their ETags are no MD5, whoever asked for it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { EmulatorOptions } from '../../../src/emulator/index.js'
import type { ObjectOptions } from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { providerStore } from '../../support/provider-store.js'

const KIB = 1024

const CASES: readonly { name: string; emulator: EmulatorOptions; upload: ObjectOptions }[] = [
  { name: 'AES256 by option', emulator: {}, upload: { serverSideEncryption: 'AES256' } },
  { name: 'KMS by option', emulator: {}, upload: { serverSideEncryption: 'kms' } },
  { name: 'a key of the caller', emulator: {}, upload: { serverSideEncryption: { customerKey: Buffer.alloc(32, 1) } } },
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
        if (emulatorOptions.obsEncryption?.isTold === false) continue
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

  it('is refused where its bytes change on the way', async (t) => {
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
