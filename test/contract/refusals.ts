import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { uploadError } from '../support/errors.js'
import type { ContractSuite } from './contract-suite.js'

/** What is not there, and who may not. */
export function refusalContract(suite: ContractSuite): void {
  describe('an error', () => {
    it('says what is not there', async () => {
      await assert.rejects(suite.store.head(suite.key('nothing')), uploadError('NOT_FOUND', '404'))
      await assert.rejects(suite.store.get(suite.key('nothing')), uploadError('NOT_FOUND', 'NoSuchKey'))
      const bucket = `no-bucket-${randomBytes(8).toString('hex')}`
      await using elsewhere = suite.bucket.open({ bucket })
      const stream = elsewhere.createUploadStream('k')
      await assert.rejects(pipeline(Readable.from(['x']), stream), uploadError('NOT_FOUND', 'NoSuchBucket', bucket))
    })

    it('reports denied access, and shows no secret', async () => {
      const credentials = { accessKeyId: 'no-such-key', accessKeySecret: 'TOPSECRET-TOPSECRET' }
      await using stranger = suite.bucket.open({ credentials })
      const stream = stranger.createUploadStream(suite.key('k'))
      await assert.rejects(pipeline(Readable.from(['x']), stream), (error: Error) => {
        assert.ok(!error.message.includes('TOPSECRET'))
        return uploadError('ACCESS_DENIED', 'InvalidAccessKeyId')(error)
      })
    })
  })
}
