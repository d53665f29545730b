import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { combineChecksums, startChecksum } from '../../src/checksum/checksum.js'
import { NVME } from '../../src/checksum/polynomial.js'
import { crc64TablesOf, TableCrc64 } from '../../src/checksum/engines/table-engine.js'
import { crc64ByTable } from '../../src/checksum/engines/wasm-table-crc64.js'
import { type ChecksumAlgorithm } from '../../src/shared/checksum-names.js'

const ALGORITHMS = ['crc64ecma', 'crc64nvme', 'crc32', 'md5'] as const

function checksumOf(algorithm: ChecksumAlgorithm, ...chunks: (string | Uint8Array)[]): string {
  const checksum = startChecksum(algorithm)
  for (const chunk of chunks) checksum.update(Buffer.from(chunk))
  return checksum.digest()
}

describe('a checksum', () => {
  // CRC-32 of "123456789" is 0xcbf43926 (RFC 3309 and others); those of CRC-64/NVME agree with @aws-sdk/crc64-nvme.
  const known: [ChecksumAlgorithm, string, string][] = [
    ['crc64ecma', '', '0'],
    ['crc64ecma', '123456789', '11051210869376104954'],
    ['crc64nvme', '', 'AAAAAAAAAAA='],
    ['crc64nvme', 'a', 'jC+ERbTL/Dw='],
    ['crc64nvme', 'hello world', 'jSnVw/bqjr4='],
    ['crc64nvme', '123456789', 'rosUhgp5mIg='],
    ['crc32', '', 'AAAAAA=='],
    ['crc32', '123456789', Buffer.from('cbf43926', 'hex').toString('base64')],
    ['md5', '', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['md5', 'a', '0cc175b9c0f1b6a831c399e269772661'],
  ]
  for (const [algorithm, message, value] of known) {
    it(`of ${JSON.stringify(message)} by ${algorithm} is ${value}`, () => {
      assert.equal(checksumOf(algorithm, message), value)
    })
  }

  it('does not depend on how the bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
        for (const algorithm of ALGORITHMS) {
          const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)]
          assert.equal(checksumOf(algorithm, ...chunks), checksumOf(algorithm, bytes))
        }
      }),
    )
  })
})

describe('the CRC-64/NVME in WebAssembly', () => {
  it('is that of the tables in JavaScript, however messages are cut and mixed', () => {
    const tables = crc64TablesOf(NVME)
    const bytes = Buffer.alloc(
      200_003,
      Uint8Array.from({ length: 251 }, (_, index) => index),
    )
    const start = crc64ByTable(NVME)
    const [one, other, expected] = [start(), start(), new TableCrc64(tables)]
    assert.notEqual(one.constructor, TableCrc64)
    for (const [from, to] of [
      [0, 1],
      [1, 65_536],
      [65_536, 65_543],
      [65_543, bytes.length],
    ] as const) {
      one.update(bytes.subarray(from, to))
      other.update(bytes.subarray(0, 100))
      expected.update(bytes.subarray(from, to))
      assert.equal(one.digest(), expected.digest())
    }
    one.reset()
    assert.equal(one.digest(), 0n)
  })
})

describe('checksums of parts', () => {
  it('combine to that of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (chunks) => {
        for (const algorithm of ['crc64ecma', 'crc64nvme', 'crc32'] as const) {
          const parts = chunks.map((chunk) => ({ value: checksumOf(algorithm, chunk), size: chunk.length }))
          assert.equal(combineChecksums(algorithm, parts), checksumOf(algorithm, ...chunks))
        }
      }),
    )
  })

  it('combine as @aws-sdk/crc64-nvme combines them', () => {
    const parts = ['a', 'hello world'].map((text) => ({ value: checksumOf('crc64nvme', text), size: text.length }))
    assert.equal(combineChecksums('crc64nvme', parts), 'V58t+6CiJiY=')
  })

  it('combine by MD5 to the MD5 of the MD5s and their number', () => {
    const parts = ['a', 'b'].map((text) => ({ value: checksumOf('md5', text), size: 1 }))
    const both = Buffer.concat(['a', 'b'].map((text) => createHash('md5').update(text).digest()))
    assert.equal(combineChecksums('md5', parts), `${createHash('md5').update(both).digest('hex')}-2`)
  })

  it('do not combine where one of them is something else', () => {
    const wrong: [ChecksumAlgorithm, string][] = [
      ['crc64ecma', '18446744073709551616'],
      ['crc64nvme', 'AAAAAA=='],
      ['crc64nvme', 'jC+ERbTL/Dw'],
      ['crc32', 'not base64!'],
      ['md5', 'D41D8CD98F00B204E9800998ECF8427E'],
      ['md5', 'd41d8cd98f00b204e9800998ecf8427e-1'],
    ]
    for (const [algorithm, value] of wrong) {
      assert.equal(combineChecksums(algorithm, [{ value, size: 1 }]), undefined, `${algorithm} ${value}`)
    }
  })
})
