import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Integrity } from '../../../src/stores/integrity/integrity.js'
import { s3Dialect } from '../../../src/stores/s3/s3-dialect.js'

const ETAG = `"${'0'.repeat(32)}-3"`

describe('the checksum of an object on AWS', () => {
  const integrity = new Integrity(s3Dialect({ bucket: 'bucket', region: 'eu-central-1' }))

  it('is the CRC-64/NVME of the full object, where others wrote it without the CRC-32 that is used here', () => {
    const headers = { 'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=', 'x-amz-checksum-type': 'FULL_OBJECT' }
    assert.deepEqual(integrity.ofObject(headers, ETAG, {}), { algorithm: 'crc64nvme', value: 'rosUhgp5mIg=' })
  })

  it('is its own CRC-32 if there are both, and the ETag if the checksum is composite', () => {
    const both = { 'x-amz-checksum-crc64nvme': 'rosUhgp5mIg=', 'x-amz-checksum-crc32': 'y/Q5Jg==' }
    assert.equal(integrity.ofObject(both, ETAG, {})?.algorithm, 'crc32')
    assert.equal(integrity.ofObject({ 'x-amz-checksum-crc32': 'y/Q5Jg==-3' }, ETAG, {})?.algorithm, 'md5')
  })
})
