import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PinnedObject } from '../../src/download/object-pin.js'
import { partSizes } from '../../src/download/part-sizes.js'
import { UploadError } from '../../src/shared/errors.js'
import type { ObjectHead, ReadOptions, StoreDriver } from '../../src/stores/store-driver.js'
import { uploadError } from '../support/errors.js'

const PARTS = 1_000
const HEAD: ObjectHead = { etag: '"e-1000"', size: 10 * PARTS, requestId: 'R', metadata: {}, headers: {} }

/** An object whose parts have 10 bytes each, but the third, for which HeadObject fails. */
function objectFailingWith(failure: UploadError): { verified: PinnedObject; asked: number[] } {
  const asked: number[] = []
  const headObject = async (_key: string, _context: object, { partNumber = 0 }: ReadOptions = {}) => {
    asked.push(partNumber)
    await new Promise(setImmediate)
    if (partNumber === 3) throw failure
    return { ...HEAD, size: 10, headers: { 'content-length': '10' } }
  }
  const driver = { bucket: 'bucket', headObject } as unknown as StoreDriver
  return { verified: { driver, key: 'k', read: {}, object: HEAD }, asked }
}

describe('the sizes of parts', () => {
  it('are not requested any more once one of them is not known', async () => {
    const { verified, asked } = objectFailingWith(new UploadError('REJECTED', 'not supported'))
    assert.equal(await partSizes(verified, PARTS, {}), undefined)
    assert.ok(asked.length < 50, `${asked.length} requests`)
  })

  it('are not requested any more after a failure', async () => {
    const { verified, asked } = objectFailingWith(new UploadError('ACCESS_DENIED', 'no'))
    await assert.rejects(partSizes(verified, PARTS, {}), uploadError('ACCESS_DENIED'))
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate)
    assert.ok(asked.length < 50, `${asked.length} requests`)
  })
})
