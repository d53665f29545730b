import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc64Engine } from '../../src/checksum/engine.js'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import type { StoreLimits } from '../../src/stores/store-driver.js'
import { UploadStream } from '../../src/stream/upload-stream.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { someBytes } from '../support/bytes.js'
import { CountingDriver } from '../support/counting-driver.js'
import { emulatedStore } from '../support/emulated-store.js'
import { providerStore } from '../support/provider-store.js'
import { crc64Of } from '../support/scripted-service.js'

const SMALL = 1000
const LARGE = 50

const OSS: Partial<StoreLimits> = { minPartSize: 100 * KiB, maxPartSize: 5 * 1024 * MiB }
const S3: Partial<StoreLimits> = { ...OSS, minPartSize: 5 * MiB }

/** A hundred chunks of 200 KiB that are the same bytes, and a few more. */
function* large(chunk: Buffer): Generator<Buffer> {
  for (let i = 0; i < 100; i += 1) yield chunk
  yield chunk.subarray(0, 77)
}

function largeCrc64(chunk: Buffer): bigint {
  const crc64 = crc64Engine().create()
  for (const each of large(chunk)) crc64.update(each)
  return crc64.digest()
}

describe('many streams at a time', () => {
  for (const [name, limits] of Object.entries({ OSS, S3 })) {
    it(`share the default memory: ${SMALL} that pause with some bytes written, and ${LARGE} large ones, on ${name}`, async () => {
      const driver = new CountingDriver(limits)
      const pool = new BufferPool(crc64Engine(), 256 * MiB)
      let most = 0
      driver.onBody = () => {
        most = Math.max(most, pool.handedOutBytes + pool.keptBytes)
      }
      const small = Array.from({ length: SMALL }, (_, i) => new UploadStream({ driver, pool }, `small ${i}`))
      // Some pause before their first byte.
      for (const [i, stream] of small.entries()) if (i % 10 > 0) stream.write(someBytes(100 * i, i))
      const chunk = someBytes(200 * KiB)
      await Promise.all(
        Array.from({ length: LARGE }, (_, i) =>
          pipeline(Readable.from(large(chunk)), new UploadStream({ driver, pool }, `large ${i}`)),
        ),
      )
      const expected = largeCrc64(chunk)
      for (let i = 0; i < LARGE; i += 1) {
        assert.deepEqual(driver.counted.get(`large ${i}`), { size: 100 * 200 * KiB + 77, crc64: expected })
      }
      assert.ok(most <= 256 * MiB, `${most} bytes`)
      await Promise.all(small.map((stream) => stream.end().done))
      for (let i = 0; i < SMALL; i += 1) {
        const bytes = i % 10 > 0 ? someBytes(100 * i, i) : Buffer.alloc(0)
        assert.deepEqual(driver.counted.get(`small ${i}`), { size: bytes.length, crc64: crc64Of(bytes) })
      }
      assert.equal(pool.handedOutBytes, 0)
    })
  }

  it('proceed when one source feeds them and the memory is tiny', async (t) => {
    const { store } = await emulatedStore(t, { store: { maxMemory: 2 * MiB } })
    const bytes = someBytes(3 * MiB)
    const source = Readable.from([bytes.subarray(0, MiB), bytes.subarray(MiB)])
    const copies = ['a', 'b', 'c'].map((key) => store.createUploadStream(key, { partSize: MiB }))
    for (const copy of copies) source.pipe(copy)
    for (const { crc64 } of await Promise.all(copies.map((copy) => copy.done))) {
      assert.equal(crc64, formatCrc64(crc64Of(bytes)))
    }
  })
})

describe('streams to S3, whose parts may not be short', () => {
  for (const [streams, size, maxMemory] of [
    [2, 2 * MiB, 10 * MiB],
    [64, MiB, 16 * MiB],
  ] as const) {
    it(`end where ${streams} of ${size} bytes come at one pace, with ${maxMemory} bytes of memory`, async (t) => {
      const { store } = await providerStore(t, { provider: 's3', maxMemory })
      const bytes = someBytes(size)
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < size; at += 64 * KiB) {
          yield bytes.subarray(at, at + 64 * KiB)
          await nextTurn()
        }
      }
      const uploads = Array.from({ length: streams }, (_, i) => store.upload(String(i), source()))
      for (const { crc64 } of await Promise.all(uploads)) assert.equal(crc64, formatCrc64(crc64Of(bytes)))
    })
  }
})

describe('a buffer that is used again', () => {
  it('sends no byte that its caller did not write', async () => {
    const poison = 0xee
    const driver = new CountingDriver(OSS)
    const engine = crc64Engine()
    const pool = new BufferPool(
      {
        createPartBuffer(capacity) {
          const buffer = engine.createPartBuffer(capacity)
          const clear = buffer.clear.bind(buffer)
          const spoil = (): void => {
            clear()
            buffer.append(Buffer.alloc(capacity, poison), 0, capacity)
            clear()
          }
          buffer.clear = spoil
          spoil()
          return buffer
        },
      },
      4 * MiB,
      0,
    )
    const seen = new Map<string, { bytes: number; poisoned: number }>()
    driver.onBody = (key, { segments, size }) => {
      const sum = seen.get(key) ?? { bytes: 0, poisoned: 0 }
      sum.bytes += size
      for (const byte of Buffer.concat(segments)) if (byte !== 7) sum.poisoned += 1
      seen.set(key, sum)
    }
    // Single puts of every kind of buffer, parts of full size, short last parts, and short parts for want of memory.
    const lengths = [0, 1, 1000, 128 * KiB, 128 * KiB + 1, 512 * KiB + 1, MiB, MiB + 1, 2 * MiB + 300, 5 * MiB - 1]
    for (const concurrency of [1, 5]) {
      await Promise.all(
        lengths.map(async (length) => {
          const key = `${concurrency} ${length}`
          const stream = new UploadStream({ driver, pool }, key, { partSize: MiB, concurrency })
          for (let at = 0; at < length; at += 50_000) stream.write(Buffer.alloc(Math.min(50_000, length - at), 7))
          stream.end()
          await stream.done
          assert.deepEqual(seen.get(key), { bytes: length, poisoned: 0 })
        }),
      )
    }
  })
})
