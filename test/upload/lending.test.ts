/** Memory of a part that is lent to a reader, beside chunks that are written. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { KiB } from '../../src/shared/byte-size.js'
import { Upload } from '../../src/upload/upload.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import { someBytes } from '../support/bytes.js'
import { MemoryDriver } from '../support/memory-driver.js'

const PART = 16 * KiB
const MEMORY = 4 * PART

interface Run {
  driver: MemoryDriver
  pool: BufferPool
  start: (key: string, options?: UploadOptions) => Upload
}

function run(minPartSize = 8 * KiB): Run {
  const driver = new MemoryDriver({ minPartSize })
  driver.on = () => nextTurn()
  const pool = new BufferPool(tableEngine, MEMORY, 0)
  const nobody = () => undefined
  const observer = { initiated: nobody, part: nobody, retry: nobody, failed: nobody }
  return {
    driver,
    pool,
    start: (key, options) => new Upload({ driver, pool }, key, { partSize: PART, ...options }, observer),
  }
}

/** As a reader does: into what is lent, or into memory of its own where nothing is. Returns how often it was lent some. */
async function read(upload: Upload, bytes: Uint8Array, sizes: readonly number[]): Promise<number> {
  let loans = 0
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const lent = upload.lend()
    const wanted = sizes[i % sizes.length] ?? 1
    // The source may pause while memory is lent.
    if (i % 3 === 0) await nextTurn()
    if (lent === undefined) {
      await upload.write(bytes.subarray(at, at + wanted))
      at = Math.min(bytes.length, at + wanted)
    } else {
      const length = Math.min(wanted, lent.length, bytes.length - at)
      lent.set(bytes.subarray(at, at + length))
      upload.accept(length)
      at += length
      loans += 1
    }
  }
  return loans
}

const sizes = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 })
const stream = fc.record({
  length: fc.oneof(
    fc.integer({ min: 0, max: 100 * KiB }),
    fc.integer({ min: 0, max: 6 }).map((parts) => parts * PART),
  ),
  sizes,
  concurrency: fc.integer({ min: 1, max: 4 }),
})

describe('memory lent to a reader', () => {
  it('is sent once it is full and there is room, whether more is read or not', async () => {
    const { driver, start } = run()
    let letGo: () => void = () => undefined
    const held = new Promise<void>((resolve) => (letGo = resolve))
    driver.on = async ({ verb }) => {
      if (verb === 'part') await held
    }
    const upload = start('k', { concurrency: 1 })
    await upload.write(someBytes(PART + 1))
    for (let missing = PART - 1; missing > 0;) {
      const lent = upload.lend()
      assert.ok(lent !== undefined)
      const length = Math.min(missing, lent.length)
      upload.accept(length)
      missing -= length
    }
    // The first part is in flight, the second waits for its place, and the source says nothing more.
    letGo()
    for (let turns = 0; driver.count('part') < 2 && turns < 1000; turns += 1) await nextTurn()
    assert.equal(driver.count('part'), 2)
    await upload.finish()
  })

  it('makes the same object of any reads, in the planned parts', async () => {
    let loans = 0
    await fc.assert(
      fc.asyncProperty(stream, async ({ length, sizes, concurrency }) => {
        const { driver, pool, start } = run()
        const bytes = someBytes(length)
        const seen: Buffer[] = []
        const inspect = { bytes: (chunk: Uint8Array) => void seen.push(Buffer.from(chunk)) }
        const upload = start('k', { concurrency, inspect })
        loans += await read(upload, bytes, sizes)
        const result = await upload.finish()
        assert.ok(driver.objects.get('k')?.bytes.equals(bytes))
        assert.ok(Buffer.concat(seen).equals(bytes))
        assert.equal(result.parts, Math.max(1, Math.ceil(length / PART)))
        assert.equal(upload.progress.received, length)
        assert.equal(pool.handedOutBytes, 0)
      }),
      { numRuns: 80 },
    )
    assert.ok(loans > 100, `${loans} loans`)
  })

  it('lets all uploads with bytes finish, whatever paused readers hold', async () => {
    const runs = fc.record({
      streams: fc.array(stream, { minLength: 1, maxLength: 8 }),
      paused: fc.array(fc.record({ length: fc.integer({ min: 1, max: 60 * KiB }), sizes }), { maxLength: 4 }),
    })
    await fc.assert(
      fc.asyncProperty(runs, async ({ streams, paused }) => {
        const { driver, pool, start } = run()
        const pauses = paused.map(({ length, sizes }, i) => {
          const upload = start(`paused ${i}`)
          const reading = read(upload, someBytes(length), sizes)
          return { upload, length, lent: reading.then(() => upload.lend()) }
        })
        await Promise.all(
          streams.map(async ({ length, sizes, concurrency }, i) => {
            const upload = start(String(i), { concurrency })
            await read(upload, someBytes(length), sizes)
            await upload.finish()
            assert.ok(driver.objects.get(String(i))?.bytes.equals(someBytes(length)))
          }),
        )
        // They can go on and end, too.
        for (const { upload, lent } of pauses) if ((await lent) !== undefined) upload.accept(0)
        await Promise.all(pauses.map(({ upload }) => upload.finish()))
        for (const [i, { length }] of pauses.entries()) {
          assert.ok(driver.objects.get(`paused ${i}`)?.bytes.equals(someBytes(length)))
        }
        assert.ok(pool.handedOutBytes + pool.keptBytes <= MEMORY)
        assert.equal(pool.handedOutBytes, 0)
      }),
      { numRuns: 60 },
    )
  })

  it('is not reused before the reader has returned it, although the upload was aborted', async () => {
    const { driver, pool, start } = run()
    const given = start('given up', { concurrency: 1 })
    await given.write(someBytes(PART))
    await given.write(someBytes(10))
    const lent = given.lend()
    assert.ok(lent !== undefined)
    await given.abort(new Error('enough'))
    assert.equal(pool.handedOutBytes, PART)

    const other = start('other')
    const bytes = someBytes(5 * PART)
    await other.write(bytes.subarray(0, 2 * PART))
    // The system puts there what comes late.
    lent.fill(0xff)
    await other.write(bytes.subarray(2 * PART))
    await other.finish()
    assert.ok(driver.objects.get('other')?.bytes.equals(bytes))

    given.accept(lent.length)
    assert.equal(pool.handedOutBytes, 0)
    assert.throws(() => given.lend(), /enough/)
  })

  it('is not taken away for a request that waits for memory', async () => {
    const { driver, start } = run()
    const reader = start('reader')
    await reader.write(someBytes(PART))
    await reader.write(someBytes(100))
    const lent = reader.lend()
    assert.ok(lent !== undefined)
    const others = Array.from({ length: 4 }, async (_, i) => {
      const upload = start(String(i))
      await upload.write(someBytes(4 * PART))
      await upload.finish()
    })
    await Promise.all(others)
    lent.set(someBytes(500, 3))
    reader.accept(500)
    await reader.finish()
    const expected = Buffer.concat([someBytes(PART), someBytes(100), someBytes(500, 3)])
    assert.ok(driver.objects.get('reader')?.bytes.equals(expected))
  })

  it('is not held by an upload whose first part is full: it may be all there is', async () => {
    const { driver, start } = run()
    const upload = start('k')
    await upload.write(someBytes(PART))
    assert.equal(upload.lend(), undefined)
    await upload.finish()
    assert.equal(driver.count('put'), 1)
  })
})
