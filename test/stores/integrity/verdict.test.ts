import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { formatCrc64 } from '../../../src/checksum/decimal.js'
import { ObjectBody } from '../../../src/stores/object/object-body.js'
import type { StoredObject } from '../../../src/stores/store-driver.js'
import { compareObject, type Comparison, type ExpectedObject } from '../../../src/stores/integrity/verdict.js'
import { someBytes } from '../../support/bytes.js'
import { crc64Of } from '../../support/scripted-service.js'

const BYTES = someBytes(1000)
const CRC64 = crc64Of(BYTES)
const MD5 = createHash('md5').update(BYTES).digest('hex')

const PUT: ExpectedObject = { size: 1000, crc64: CRC64, body: new ObjectBody([BYTES], CRC64) }
const PARTS: ExpectedObject = {
  size: 1000,
  crc64: CRC64,
  uploadId: 'U',
  parts: [
    { partNumber: 1, etag: `"${MD5.toUpperCase()}"`, size: 500 },
    { partNumber: 2, etag: `"${MD5}"`, size: 500 },
  ],
}
const MD5_OF_MD5S = `${createHash('md5')
  .update(Buffer.from(MD5.repeat(2), 'hex'))
  .digest('hex')}-2`

type Found = Parameters<typeof compareObject>[0]

async function verdict(
  found: Partial<Found>,
  expected: ExpectedObject,
  hasCertainMd5Etags = true,
): Promise<Comparison['verdict']> {
  const stored: StoredObject = { etag: '"E"', requestId: 'R' }
  return (await compareObject({ ...stored, ...found }, expected, { hasCertainMd5Etags })).verdict
}

describe('an object that was found', () => {
  for (const [what, expected] of [
    ['sent in one request', PUT],
    ['put together from parts', PARTS],
  ] as const) {
    it(`is the one ${what} by its CRC-64, even if nothing else is returned`, async () => {
      assert.equal(await verdict({ crc64: formatCrc64(CRC64) }, expected), 'match')
      assert.equal(await verdict({ crc64: formatCrc64(CRC64), size: 1000 }, expected), 'match')
      assert.equal(
        await verdict({ checksum: { algorithm: 'crc64ecma', value: formatCrc64(CRC64) } }, expected),
        'match',
      )
    })

    it(`is not the one ${what} when its CRC-64 or its size is another`, async () => {
      assert.equal(await verdict({ crc64: formatCrc64(CRC64 + 1n) }, expected), 'mismatch')
      assert.equal(await verdict({ crc64: formatCrc64(CRC64), size: 999 }, expected), 'mismatch')
      assert.equal(await verdict({ size: 999 }, expected), 'mismatch')
    })

    it(`may be the one ${what} if only its size is returned`, async () => {
      assert.equal(await verdict({ size: 1000 }, expected), 'unknown')
      assert.equal(await verdict({}, expected), 'unknown')
    })
  }

  it('is recognized by its upload if no checksum is returned', async () => {
    assert.equal(await verdict({ size: 1000, uploadId: 'U' }, PARTS), 'match')
    assert.equal(await verdict({ size: 1000, uploadId: 'V' }, PARTS), 'mismatch')
    assert.equal(await verdict({ size: 1000, uploadId: 'U' }, PUT), 'unknown')
    // A checksum says more than an id.
    assert.equal(await verdict({ crc64: formatCrc64(CRC64 + 1n), uploadId: 'U' }, PARTS), 'mismatch')
  })

  it('is known by the MD5 of its bytes, or of the MD5s of its parts', async () => {
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: MD5 } }, PUT), 'match')
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: 'f'.repeat(32) } }, PUT), 'mismatch')
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: MD5_OF_MD5S } }, PARTS), 'match')
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: `${MD5}-2` } }, PARTS), 'mismatch')
  })

  it('is not known by an MD5 that differs where ETags may be something else', async () => {
    const other = { checksum: { algorithm: 'md5', value: 'f'.repeat(32) } } as const
    assert.equal(await verdict(other, PUT, false), 'unknown')
    assert.equal(await verdict({ ...other, size: 999 }, PUT, false), 'mismatch')
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: MD5 } }, PUT, false), 'match')
    const ofParts = { checksum: { algorithm: 'md5', value: `${MD5}-2` } } as const
    assert.equal(await verdict({ ...ofParts, uploadId: 'U' }, PARTS, false), 'match')
    assert.equal(await verdict({ ...ofParts, uploadId: 'V' }, PARTS, false), 'mismatch')
  })

  it('is not compared with a checksum of another kind', async () => {
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: MD5_OF_MD5S } }, PUT), 'unknown')
    assert.equal(await verdict({ checksum: { algorithm: 'md5', value: MD5 } }, PARTS), 'unknown')
    assert.equal(await verdict({ checksum: { algorithm: 'crc32', value: 'AAAAAA==' } }, PARTS), 'unknown')
  })
})
