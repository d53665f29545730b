import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import type { Crc64Engine, PartBuffer } from '../../src/checksum/crc64.js'
import { SegmentedPart } from '../../src/checksum/segmented-part.js'
import { edgeLengths, engines, expectedCrc64, noise } from './messages.js'

type PartBuffers = Pick<Crc64Engine, 'createPartBuffer'> & { name: string }

/** Of segments that are small to the engines, and of such that are not. */
const segmented: PartBuffers[] = [33_331, 131_101].flatMap((segmentSize) =>
  engines.map((engine) => ({
    name: `${engine.name} in segments of ${segmentSize} bytes`,
    createPartBuffer: (capacity) => new SegmentedPart(engine, capacity, segmentSize),
  })),
)

function assertHolds(part: PartBuffer, message: Uint8Array): void {
  assert.equal(part.length, message.length)
  assert.ok(Buffer.concat(part.segments).equals(message))
  assert.equal(part.digest(), expectedCrc64(message))
}

for (const engine of [...engines, ...segmented]) {
  describe(`a part buffer summed by ${engine.name}`, () => {
    test('copies what fits and returns how much that was', () => {
      const part = engine.createPartBuffer(100_000)
      assert.equal(part.capacity, 100_000)
      assert.equal(part.append(noise, 10, 10), 0)
      assert.equal(part.append(noise, 10, 90_010), 90_000)
      assert.equal(part.append(noise, 90_010, 200_000), 10_000)
      assert.equal(part.append(noise, 0, 5), 0)
      assertHolds(part, noise.subarray(10, 100_010))
    })

    test('may have any capacity', () => {
      for (const capacity of edgeLengths) {
        const part = engine.createPartBuffer(capacity)
        assert.equal(part.append(noise, 1, noise.length), capacity)
        assertHolds(part, noise.subarray(1, 1 + capacity))
      }
    })

    test('holds what was appended since it was cleared, however it was cut', () => {
      const part = engine.createPartBuffer(300_000)
      const step = fc.oneof(fc.nat(20), fc.nat(5000), fc.nat(200_000), fc.constantFrom(32767, 65536))
      fc.assert(
        fc.property(fc.nat(1000), fc.array(step, { maxLength: 10 }), fc.nat(10), (start, lengths, asked) => {
          part.clear()
          let end = start
          for (const [index, length] of lengths.entries()) {
            end += part.append(noise, end, end + length)
            if (index === asked) assertHolds(part, noise.subarray(start, end))
          }
          assertHolds(part, noise.subarray(start, end))
        }),
        { numRuns: 60 },
      )
    })

    test('holds what was written straight into its memory, between what was appended', () => {
      const part = engine.createPartBuffer(300_000)
      const step = fc.tuple(fc.oneof(fc.nat(20), fc.nat(70_000), fc.constantFrom(65536)), fc.boolean())
      fc.assert(
        fc.property(fc.array(step, { maxLength: 10 }), (steps) => {
          part.clear()
          let end = 0
          for (const [length, isAppended] of steps) {
            if (isAppended) {
              end += part.append(noise, end, end + length)
            } else {
              const written = noise.copy(part.free, 0, end, end + length)
              part.advance(written)
              end += written
            }
          }
          assert.equal(part.free.length === 0, end === part.capacity)
          assertHolds(part, noise.subarray(0, end))
        }),
        { numRuns: 60 },
      )
      assert.throws(() => part.advance(part.free.length + 1), RangeError)
    })

    test('accepts single bytes', () => {
      const part = engine.createPartBuffer(70_000)
      for (let at = 0; at < 70_000; at++) part.append(noise, at, at + 1)
      assertHolds(part, noise.subarray(0, 70_000))
    })

    test('keeps its bytes and its CRC apart from other parts', () => {
      const parts = Array.from({ length: 10 }, () => engine.createPartBuffer(150_000))
      for (let at = 0; at < 150_000; at += 25_000) {
        for (const [index, part] of parts.entries()) part.append(noise, index + at, index + at + 25_000)
      }
      for (const [index, part] of parts.entries()) assertHolds(part, noise.subarray(index, index + 150_000))
    })

    test('can be written to a socket as it is', async () => {
      const part = engine.createPartBuffer(1_000_000)
      part.append(noise, 0, noise.length)
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = server.address()
      assert.ok(typeof address === 'object' && address !== null)
      const socket = connect(address.port, '127.0.0.1')
      for (const segment of part.segments) socket.write(segment)
      socket.end()
      const [accepted] = (await once(server, 'connection')) as [NodeJS.ReadableStream & { end(): void }]
      const received = await buffer(accepted)
      accepted.end()
      socket.resume()
      server.close()
      assert.ok(received.equals(noise.subarray(0, 1_000_000)))
    })
  })
}
