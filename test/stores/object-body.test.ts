import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { ObjectBody, sha256Hex } from '../../src/stores/object-body.js'
import { someBytes } from '../support/bytes.js'
import { crc64Of } from '../support/scripted-service.js'

const LENGTHS = [0, 1, 262_143, 262_144, 262_145, 800_000]

describe('a body to send', () => {
  it('has the Content-MD5 of its bytes, in slices as in one go', async () => {
    for (const length of LENGTHS) {
      const bytes = someBytes(length)
      assert.equal(await new ObjectBody(bytes, 0n).contentMd5(), createHash('md5').update(bytes).digest('base64'))
    }
  })

  it('knows its CRC-64 without looking at its bytes', async () => {
    assert.equal(await new ObjectBody(someBytes(10), 7n).checksum('crc64ecma'), '7')
  })

  it('computes each checksum once, whoever asks', async () => {
    const bytes = someBytes(600_000)
    const body = new ObjectBody(bytes, crc64Of(bytes))
    const first = body.checksum('crc32')
    bytes.fill(0)
    assert.equal(await body.checksum('crc32'), await first)
    assert.equal(body.checksum('crc32'), first)
  })

  it('lets other work have its turn', async () => {
    let turns = 0
    const timer = setInterval(() => (turns += 1))
    await new ObjectBody(someBytes(32 << 20), 0n).checksum('md5')
    clearInterval(timer)
    assert.ok(turns > 3, `${turns} turns`)
  })
})

describe('sha256Hex', () => {
  it('is the SHA-256, in slices as in one go', async () => {
    for (const length of LENGTHS) {
      const bytes = someBytes(length)
      assert.equal(await sha256Hex(bytes), createHash('sha256').update(bytes).digest('hex'))
    }
  })
})
