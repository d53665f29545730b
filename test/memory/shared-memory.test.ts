import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { Upload } from '../../src/upload/upload.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import { someBytes } from '../support/bytes.js'
import { CountedPool } from '../support/counted-pool.js'
import { MemoryDriver } from '../support/memory-driver.js'

const MEMORY = 64 * KiB
/** Of that memory: what `first` is. */
const FIRST = 8 * KiB

interface Run {
  driver: MemoryDriver
  pool: CountedPool
  start: (key: string, options?: UploadOptions) => Upload
}

function run(minPartSize: number, maxParts = 10_000, memory = MEMORY): Run {
  const driver = new MemoryDriver({ minPartSize, maxParts, maxPartSize: 8 * MiB })
  driver.on = () => nextTurn()
  const pool = new CountedPool(tableEngine, memory, 0)
  const nobody = () => undefined
  const observer = { initiated: nobody, part: nobody, retry: nobody, failed: nobody }
  return {
    driver,
    pool,
    start: (key, options) => new Upload({ driver, pool }, key, { partSize: 16 * KiB, ...options }, observer),
  }
}

/** Writes `bytes` in chunks and ends, each stream at its own pace. */
async function sendAll(upload: Upload, bytes: Uint8Array, chunk: number): Promise<void> {
  await sendSome(upload, bytes, chunk)
  await upload.finish()
}

async function sendSome(upload: Upload, bytes: Uint8Array, chunk: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += chunk) {
    await upload.write(bytes.subarray(at, at + chunk))
    await nextTurn()
  }
}

const chunk = fc.integer({ min: 500, max: 20_000 })
const active = fc.record({
  length: fc.integer({ min: 0, max: 100 * KiB }),
  chunk,
  concurrency: fc.integer({ min: 1, max: 4 }),
})

describe('the memory of a store', () => {
  it('lets all streams with bytes finish, whatever paused streams hold', async () => {
    const runs = fc.record({
      streams: fc.array(active, { minLength: 1, maxLength: 12 }),
      paused: fc.array(fc.record({ length: fc.integer({ min: 1, max: 60 * KiB }), chunk }), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ streams, paused }) => {
        const { driver, pool, start } = run(FIRST)
        const pauses = paused.map(({ length, chunk }, i) => {
          const upload = start(`paused ${i}`)
          return { upload, writing: sendSome(upload, someBytes(length), chunk) }
        })
        await Promise.all(
          streams.map(async ({ length, chunk, concurrency }, i) => {
            const bytes = someBytes(length)
            await sendAll(start(String(i), { concurrency }), bytes, chunk)
            assert.ok(driver.objects.get(String(i))?.bytes.equals(bytes))
          }),
        )
        await Promise.all(pauses.map(({ writing }) => writing))
        assert.ok(pool.most <= MEMORY, `${pool.most} bytes`)
        // Paused streams can go on and end, too.
        await Promise.all(pauses.map(({ upload }) => upload.finish()))
        for (const [i, { length }] of paused.entries()) {
          assert.ok(driver.objects.get(`paused ${i}`)?.bytes.equals(someBytes(length)))
        }
        assert.equal(pool.handedOutBytes, 0)
      }),
      { numRuns: 60 },
    )
  })

  it('lets all streams finish whose parts may not be short, beside any number paused with a first buffer', async () => {
    const runs = fc.record({
      streams: fc.array(active, { minLength: 1, maxLength: 12 }),
      paused: fc.array(fc.integer({ min: 1, max: FIRST }), { maxLength: 4 }),
      fixed: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ streams, paused, fixed }) => {
        const { driver, pool, start } = run(fixed ? 1 : 16 * KiB)
        const options = { partGrowth: !fixed }
        const idle = paused.map((_, i) => start(`paused ${i}`, options))
        for (const [i, length] of paused.entries()) await idle[i]!.write(someBytes(length))
        await Promise.all(
          streams.map(async ({ length, chunk, concurrency }, i) => {
            const upload = start(String(i), { ...options, concurrency })
            await sendAll(upload, someBytes(length), chunk)
            assert.ok(driver.objects.get(String(i))?.bytes.equals(someBytes(length)))
            assert.equal(upload.result?.parts, Math.max(1, Math.ceil(length / (16 * KiB))))
          }),
        )
        assert.ok(pool.most <= MEMORY, `${pool.most} bytes`)
        await Promise.all(idle.map((upload) => upload.abort(new Error('enough'))))
        assert.equal(pool.handedOutBytes, 0)
      }),
      { numRuns: 60 },
    )
  })

  it('lets all streams finish whose sources write at one pace, however little memory there is for large parts', async () => {
    const runs = fc.record({
      memory: fc.integer({ min: 1280 * KiB, max: 3 * MiB }),
      // Of the memory, and of the part size what the service takes as a part that is not the last.
      partShare: fc.double({ min: 0.2, max: 1, noNaN: true }),
      fewestShare: fc.double({ min: 0.3, max: 1, noNaN: true }),
      streams: fc.integer({ min: 2, max: 16 }),
      length: fc.integer({ min: 100 * KiB, max: 1024 * KiB }),
      chunk: fc.integer({ min: 16 * KiB, max: 300 * KiB }),
      sizes: fc.array(fc.double({ min: 0.5, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ memory, partShare, fewestShare, streams, length, chunk, sizes }) => {
        const largest = Math.floor(memory * partShare)
        const fewest = Math.max(1, Math.floor(largest * 0.5 * fewestShare))
        const { driver, pool, start } = run(fewest, 10_000, memory)
        const bytes = someBytes(length)
        await Promise.all(
          Array.from({ length: streams }, async (_, i) => {
            const partSize = Math.floor(largest * sizes[i % sizes.length]!)
            await sendAll(start(String(i), { partSize, partGrowth: false }), bytes, chunk)
            assert.ok(driver.objects.get(String(i))?.bytes.equals(bytes))
          }),
        )
        assert.ok(pool.most <= memory, `${pool.most} bytes`)
        assert.equal(pool.handedOutBytes, 0)
      }),
      {
        numRuns: 12,
        // Two uploads of 2 MiB to S3 with 10 MiB of memory, and 64 of 1 MiB with 16 MiB, an eighth in size.
        examples: [
          [
            {
              memory: 1280 * KiB,
              partShare: 0.8,
              fewestShare: 1,
              streams: 2,
              length: 256 * KiB,
              chunk: 64 * KiB,
              sizes: [1],
            },
          ],
          [
            {
              memory: 2 * MiB,
              partShare: 0.5,
              fewestShare: 1,
              streams: 16,
              length: 200 * KiB,
              chunk: 16 * KiB,
              sizes: [1],
            },
          ],
        ],
      },
    )
  })

  it('lets streams finish that are fed by one source, chunk by chunk', async () => {
    const runs = fc.record({
      partSize: fc.integer({ min: FIRST, max: MEMORY - 4 * FIRST }),
      streams: fc.integer({ min: 2, max: 4 }),
      length: fc.integer({ min: 0, max: 200 * KiB }),
      chunk,
      concurrency: fc.integer({ min: 1, max: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ partSize, streams, length, chunk, concurrency }) => {
        const { driver, pool, start } = run(FIRST)
        const bytes = someBytes(length)
        const uploads = Array.from({ length: streams }, (_, i) => start(String(i), { partSize, concurrency }))
        for (let at = 0; at < length; at += chunk) {
          await Promise.all(uploads.map(async (upload) => upload.write(bytes.subarray(at, at + chunk))))
        }
        await Promise.all(uploads.map((upload) => upload.finish()))
        for (const upload of uploads) assert.ok(driver.objects.get(upload.key)?.bytes.equals(bytes))
        assert.ok(pool.most <= MEMORY, `${pool.most} bytes`)
        assert.equal(pool.handedOutBytes, 0)
      }),
      { numRuns: 60 },
    )
  })

  it('sends no part short while memory comes back by itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        active,
        fc.integer({ min: FIRST, max: MEMORY }),
        async ({ length, chunk, concurrency }, partSize) => {
          const { pool, start } = run(FIRST)
          const upload = start('alone', { partSize, concurrency })
          await sendAll(upload, someBytes(length), chunk)
          assert.equal(upload.result?.parts, Math.max(1, Math.ceil(length / partSize)))
          assert.ok(pool.most <= MEMORY, `${pool.most} bytes`)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('sends short parts only as the first tenth of the part numbers', async () => {
    const { driver, start } = run(1, 30)
    const paused = start('paused', { partSize: 40 * KiB })
    await paused.write(someBytes(30 * KiB))
    const parts = (): number | undefined => [...driver.uploads.values()][0]?.size
    for (let round = 1; round <= 3; round += 1) {
      await sendAll(start('other', { partSize: 50 * KiB }), someBytes(50 * KiB), 10 * KiB)
      assert.equal(parts(), round)
      await paused.write(someBytes(30 * KiB))
    }
    const other = sendAll(start('other', { partSize: 50 * KiB }), someBytes(50 * KiB), 10 * KiB)
    for (let i = 0; i < 20; i += 1) await sleep(1)
    assert.equal(parts(), 3)
    await paused.finish()
    await other
    assert.equal(paused.result?.size, 120 * KiB)
    assert.equal(paused.result.parts, 4)
  })
})
