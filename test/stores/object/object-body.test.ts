import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { ObjectBody, sha256Hex } from '../../../src/stores/object/object-body.js'
import { someBytes } from '../../support/bytes.js'
import { crc64Of } from '../../support/scripted-service.js'

const LENGTHS = [0, 1, 262_143, 262_144, 262_145, 800_000]

/** The bytes as one segment, and as several. */
function cutsOf(bytes: Buffer): Buffer[][] {
  const [first, second] = [1, 300_000]
  return [[bytes], [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]]
}

describe('a body to send', () => {
  it('has the Content-MD5 of its bytes, in slices as in one go', async () => {
    for (const length of LENGTHS) {
      const bytes = someBytes(length)
      const md5 = createHash('md5').update(bytes).digest('base64')
      for (const segments of cutsOf(bytes)) assert.equal(await new ObjectBody(segments, 0n).contentMd5(), md5)
    }
  })

  it('has the size and each checksum of all its segments', async () => {
    const bytes = someBytes(800_000)
    const [whole, cut] = cutsOf(bytes).map((segments) => new ObjectBody(segments, crc64Of(bytes)))
    assert.deepEqual([whole?.size, cut?.size], [800_000, 800_000])
    for (const algorithm of ['crc64nvme', 'crc32', 'md5'] as const) {
      assert.equal(await cut?.checksum(algorithm), await whole?.checksum(algorithm))
    }
  })

  it('has its CRC-64 without reading its bytes', async () => {
    assert.equal(await new ObjectBody([someBytes(10)], 7n).checksum('crc64ecma'), '7')
  })

  it('computes each checksum once, however often it is needed', async () => {
    const bytes = someBytes(600_000)
    const body = new ObjectBody([bytes], crc64Of(bytes))
    const first = body.checksum('crc32')
    bytes.fill(0)
    assert.equal(await body.checksum('crc32'), await first)
    assert.equal(body.checksum('crc32'), first)
  })

  it('does not block the event loop', async () => {
    let turns = 0
    const timer = setInterval(() => (turns += 1))
    await new ObjectBody([someBytes(32 << 20)], 0n).checksum('md5')
    clearInterval(timer)
    assert.ok(turns > 3, `${turns} turns`)
  })
})

describe('sha256Hex', () => {
  it('is the SHA-256, in slices as in one go', async () => {
    for (const length of LENGTHS) {
      const bytes = someBytes(length)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      for (const segments of cutsOf(bytes)) assert.equal(await sha256Hex(segments), sha256)
    }
  })
})
