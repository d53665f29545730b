import assert from 'node:assert/strict'
import { memoryUsage } from 'node:process'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { crc64Vectors } from '../support/vectors.js'
import { edgeLengths, engines, expectedCrc64, noise } from './messages.js'

const CONTENTS: Record<string, Uint8Array> = {
  '123456789': Buffer.from('123456789'),
  empty: new Uint8Array(),
  a: Buffer.from('a'),
  'hello world': Buffer.from('hello world'),
  '100KiB-zeros': new Uint8Array(100 * 1024),
  '100KiB-i%251': Uint8Array.from({ length: 100 * 1024 }, (_, index) => index % 251),
  '1MiB-i%251': Uint8Array.from({ length: 1024 * 1024 }, (_, index) => index % 251),
}

for (const engine of engines) {
  describe(`a CRC-64 by ${engine.name}`, () => {
    test('has the values of the vectors', () => {
      for (const [name, content] of Object.entries(CONTENTS)) {
        const vector = crc64Vectors.single.find((candidate) => candidate.name === name)
        const crc = engine.create()
        crc.update(content)
        assert.equal(crc.digest(), BigInt(vector!.decimal), name)
      }
    })

    test('is right at every edge, aligned or not, and again after a reset', () => {
      const crc = engine.create()
      for (const length of edgeLengths) {
        const start = length % 19
        const message = noise.subarray(start, start + length)
        crc.update(message)
        assert.equal(crc.digest(), expectedCrc64(message), `${length} bytes`)
        crc.reset()
      }
    })

    test('does not depend on how the message is cut, nor on being asked in between', () => {
      const crc = engine.create()
      const cuts = fc.array(fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(200_000), fc.constantFrom(32767, 65536)), {
        maxLength: 12,
      })
      fc.assert(
        fc.property(fc.nat(1000), cuts, fc.nat(12), (start, lengths, asked) => {
          crc.reset()
          let end = start
          for (const [index, length] of lengths.entries()) {
            crc.update(noise.subarray(end, end + length))
            end = Math.min(noise.length, end + length)
            if (index === asked) assert.equal(crc.digest(), expectedCrc64(noise.subarray(start, end)))
          }
          assert.equal(crc.digest(), expectedCrc64(noise.subarray(start, end)))
        }),
        { numRuns: 60 },
      )
    })

    test('keeps apart from the others that run at the same time', () => {
      const running = Array.from({ length: 40 }, (_, index) => ({
        crc: engine.create(),
        start: index * 7,
        end: index * 7,
      }))
      for (let round = 1; round <= 12; round++) {
        for (const [index, each] of running.entries()) {
          const next = each.end + ((index * 7919 * round) % 30_011)
          each.crc.update(noise.subarray(each.end, next))
          each.end = next
        }
      }
      for (const { crc, start, end } of running) assert.equal(crc.digest(), expectedCrc64(noise.subarray(start, end)))
    })

    test('accepts shared memory and views that are no Buffer', () => {
      const shared = new Uint8Array(new SharedArrayBuffer(200_000), 3)
      shared.set(noise.subarray(0, shared.length))
      const crc = engine.create()
      crc.update(shared)
      assert.equal(crc.digest(), expectedCrc64(noise.subarray(0, shared.length)))
    })

    test('has no use for the bytes after the update', () => {
      const reused = Buffer.alloc(50_000)
      const crc = engine.create()
      for (let at = 0; at < 200_000; at += reused.length) {
        noise.copy(reused, 0, at, at + reused.length)
        crc.update(reused)
      }
      assert.equal(crc.digest(), expectedCrc64(noise.subarray(0, 200_000)))
    })
  })
}

test('a CRC-64 by rings leaves no garbage behind an update', () => {
  const crc = engines[0]!.create()
  const chunks = [10, 1460, 16_384, 65_536].map((length) => noise.subarray(5, 5 + length))
  const updateAll = (): void => {
    // By number: an iterator makes garbage of its own until this loop is optimized.
    for (let i = 0; i < 4000; i += 1) crc.update(chunks[i % chunks.length]!)
  }
  updateAll()
  // The least of several, for the compiler and the test runner allocate now and then.
  const grown = Array.from({ length: 5 }, () => {
    const before = memoryUsage().heapUsed
    updateAll()
    return memoryUsage().heapUsed - before
  })
  assert.ok(Math.min(...grown.map(Math.abs)) < 8 * 4000, `${grown.join(', ')} bytes in 4000 updates`)
})
