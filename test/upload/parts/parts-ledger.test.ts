import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { tableEngine } from '../../../src/checksum/engines/table-engine.js'
import { PartsLedger } from '../../../src/upload/parts/parts-ledger.js'
import { uploadError } from '../../support/errors.js'

function crc64Of(text: string): bigint {
  const crc64 = tableEngine.create()
  crc64.update(Buffer.from(text))
  return crc64.digest()
}

describe('the ledger of parts', () => {
  it('returns all parts in order and the CRC-64 of the whole, acknowledged in any order', () => {
    const ledger = new PartsLedger()
    ledger.record(3, { etag: 'c', size: 1, crc64: crc64Of('c') })
    ledger.record(1, { etag: 'a', size: 10, crc64: crc64Of('aaaaaaaaaa') })
    ledger.record(2, { etag: 'b', size: 10, crc64: crc64Of('bbbbbbbbbb') })
    assert.equal(ledger.count, 3)
    assert.equal(ledger.bytes, 21)
    assert.deepEqual(ledger.finish(3, 21), {
      parts: [
        { partNumber: 1, etag: 'a', size: 10 },
        { partNumber: 2, etag: 'b', size: 10 },
        { partNumber: 3, etag: 'c', size: 1 },
      ],
      crc64: crc64Of('aaaaaaaaaabbbbbbbbbbc'),
    })
  })

  for (const [what, numbers, parts, bytes] of [
    ['a part is missing', [1, 3], 3, 20],
    ['another number stands for a part', [1, 3], 2, 20],
    ['there is one too many', [1, 2, 3], 2, 30],
    ['bytes are missing', [1, 2], 2, 21],
    ['there are too many bytes', [1, 2], 2, 19],
    ['there are none', [], 1, 0],
  ] as const) {
    it(`refuses to publish when ${what}`, () => {
      const ledger = new PartsLedger()
      for (const partNumber of numbers) ledger.record(partNumber, { etag: 'e', size: 10, crc64: 0n })
      assert.throws(() => ledger.finish(parts, bytes), uploadError('INCOMPLETE', 'nothing is published'))
    })
  }
})
