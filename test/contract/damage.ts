import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { UploadError } from '../../src/index.js'
import { someBytes } from '../support/bytes.js'
import { exists } from '../support/emulated-store.js'
import type { ContractSuite } from './contract-suite.js'
import { damagingDispatcher } from './damaging-dispatcher.js'

/** Bytes that do not arrive as they were sent. */
export function damageContract(suite: ContractSuite): void {
  describe('bytes that are damaged in transit', () => {
    it('are sent again', async () => {
      const dispatcher = damagingDispatcher(suite.partSize, 1)
      await using damaging = suite.bucket.open({ dispatcher })
      const bytes = someBytes(suite.partSize + 1)
      const stream = damaging.createUploadStream(suite.key('damaged once'), { partSize: suite.partSize })
      let retries = 0
      stream.on('retry', () => (retries += 1))
      await pipeline(Readable.from([bytes]), stream)
      assert.equal(dispatcher.damaged, 1)
      assert.equal(retries, 1)
      assert.ok((await suite.contentOf('damaged once')).equals(bytes))
      await dispatcher.close()
    })

    it('are never published', async () => {
      for (const size of [10_000, suite.partSize + 10_000]) {
        const key = `damaged ${size}`
        const dispatcher = damagingDispatcher(10_000, Infinity)
        await using damaging = suite.bucket.open({ dispatcher })
        const stream = damaging.createUploadStream(suite.key(key), { partSize: suite.partSize })
        await assert.rejects(pipeline(Readable.from([someBytes(size)]), stream), (error) => {
          assert.ok(error instanceof UploadError)
          const { code, serviceCode = '' } = error
          const isRefused = code === 'REJECTED' && /Digest|SHA256|Checksum/.test(serviceCode)
          assert.ok(code === 'CHECKSUM_MISMATCH' || isRefused, error.message)
          return true
        })
        assert.equal(await exists(suite.store, suite.key(key)), false)
        assert.deepEqual(await suite.unfinished(key), [])
        await dispatcher.close()
      }
    })
  })
}
