import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { concurrencyOf } from '../../src/flow/concurrency.js'
import { Upload } from '../../src/upload/upload.js'
import { someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { MemoryDriver, SMALL_PART } from '../support/memory-driver.js'

const PART = 100 * KiB

describe("concurrency: 'auto'", () => {
  it('starts with the number that fits in memory, and at most the default', () => {
    const begin = (partSize: number, maxMemory: number) =>
      concurrencyOf('auto', { partSize, maxMemory, expectsDelays: false }).limit
    assert.equal(begin(8 * MiB, 256 * MiB), 5)
    assert.equal(begin(8 * MiB, 64 * MiB), 3)
    assert.equal(begin(8 * MiB, 8 * MiB), 1)
  })

  it('has more parts in flight while that makes the upload faster, and says how many', async () => {
    const driver = new MemoryDriver()
    driver.on = ({ verb, when }) => (verb === 'part' && when === 'before' ? sleep(5) : undefined)
    const host = { driver, pool: new BufferPool(tableEngine, 64 * SMALL_PART) }
    const seen: number[] = []
    const upload: Upload = new Upload(
      host,
      'key',
      { partSize: SMALL_PART, concurrency: 'auto' },
      {
        initiated: () => undefined,
        part: () => void seen.push(upload.progress.concurrency),
        retry: () => undefined,
        failed: () => undefined,
      },
    )
    await upload.write(someBytes(80 * SMALL_PART))
    await upload.finish()
    assert.equal(seen[0], 5)
    assert.ok(seen.includes(10), seen.join())
    assert.ok(driver.mostParts > 5)
    assert.ok(driver.mostParts <= 31)
  })

  it('never has more parts in flight than memory has room for', async (t) => {
    const { open } = await emulatedStore(t)
    const store = open({ maxMemory: MiB })
    const upload = store.createUploadStream('key', { partSize: PART, concurrency: 'auto' })
    const seen = new Set<number>()
    upload.on('part', () => seen.add(upload.progress.concurrency))
    upload.end(someBytes(60 * PART))
    await upload.done
    for (const concurrency of seen) assert.ok(concurrency <= 4, String(concurrency))
  })

  it('has half as many in flight when the service refuses one, and is stored', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    for (const [code, status] of [
      ['SlowDown', 503],
      ['TooManyRequests', 429],
    ] as const) {
      emulator.faults.inject({ match: { operation: 'UploadPart' }, action: { type: 'error', status, code } })
      const upload = store.createUploadStream(code, { partSize: PART, concurrency: 'auto' })
      const seen: number[] = []
      upload.on('retry', () => seen.push(upload.progress.concurrency))
      upload.end(someBytes(4 * PART))
      await upload.done
      assert.deepEqual(seen, [2])
    }
  })

  it('keeps a fixed number if the service throttles', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const action = { type: 'error', status: 503, code: 'SlowDown' } as const
    emulator.faults.inject({ match: { operation: 'UploadPart' }, times: 3, action })
    const upload = store.createUploadStream('key', { partSize: PART, concurrency: 4 })
    const seen: number[] = []
    upload.on('part', () => seen.push(upload.progress.concurrency))
    upload.end(someBytes(10 * PART))
    await upload.done
    assert.deepEqual(new Set(seen), new Set([4]))
  })
})
