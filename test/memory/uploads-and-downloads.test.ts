/** Uploads and downloads of one store share its memory. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { RangeFetcher } from '../../src/download/range-fetcher.js'
import { KiB } from '../../src/shared/byte-size.js'
import { DownloadStream } from '../../src/stream/download-stream.js'
import { Upload } from '../../src/upload/upload.js'
import { someBytes } from '../support/bytes.js'
import { CountedPool } from '../support/counted-pool.js'
import { MemoryDriver } from '../support/memory-driver.js'
import { crc64Of } from '../support/scripted-service.js'

const MEMORY = 512 * KiB
/** The smallest range, and the smallest part that may be sent short. */
const UNIT = 64 * KiB

interface Transfer {
  length: number
  partSize: number
  concurrency: number
  /** Bytes that are written or read at a time. */
  chunk: number
}

const transfer = (length: fc.Arbitrary<number>): fc.Arbitrary<Transfer> =>
  fc.record({
    length,
    partSize: fc.integer({ min: UNIT, max: MEMORY / 2 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    chunk: fc.integer({ min: 1000, max: 200 * KiB }),
  })

const some = transfer(fc.integer({ min: 0, max: 700 * KiB }))
// More than lies in the stream's own buffer.
const long = transfer(fc.integer({ min: 400 * KiB, max: 900 * KiB }))

/** Transfers that go on, and others that pause. */
interface Plan {
  uploads: Transfer[]
  downloads: Transfer[]
  pausedUploads: Transfer[]
  pausedDownloads: Transfer[]
}

const plans: fc.Arbitrary<Plan> = fc.record({
  uploads: fc.array(some, { maxLength: 5 }),
  downloads: fc.array(some, { maxLength: 5 }),
  pausedUploads: fc.array(transfer(fc.integer({ min: 1, max: 200 * KiB })), { maxLength: 2 }),
  pausedDownloads: fc.array(long, { maxLength: 4 }),
})

/** One of each kind where nothing else has room, so that each way to give way is taken in every run of the tests. */
const LARGE: Transfer = { length: 900 * KiB, partSize: MEMORY / 2, concurrency: 4, chunk: 64 * KiB }
const EXAMPLE: Plan = {
  uploads: [LARGE],
  downloads: [LARGE],
  pausedUploads: [{ ...LARGE, length: 200 * KiB }],
  pausedDownloads: [LARGE, LARGE],
}

/** Uploads and downloads that share a service in memory and a pool. */
class Store {
  readonly driver = new MemoryDriver({ minPartSize: UNIT })
  readonly pool = new CountedPool(tableEngine, MEMORY, 0)

  constructor() {
    let moments = 0
    // The bytes of a range come a thousand at a time: not each of them takes a turn.
    this.driver.on = ({ verb }) => (verb === 'get' && (moments += 1) % 50 > 0 ? undefined : nextTurn())
  }

  start(key: string, { partSize, concurrency }: Transfer): Upload {
    const nobody = (): void => undefined
    const observer = { initiated: nobody, part: nobody, retry: nobody, failed: nobody }
    return new Upload({ driver: this.driver, pool: this.pool }, key, { partSize, concurrency }, observer)
  }

  async write(upload: Upload, { length, chunk }: Transfer): Promise<void> {
    const bytes = someBytes(length)
    for (let at = 0; at < length; at += chunk) {
      await upload.write(bytes.subarray(at, at + chunk))
      await nextTurn()
    }
  }

  async end(upload: Upload, { length }: Transfer): Promise<void> {
    await upload.finish()
    assert.ok(this.driver.objects.get(upload.key)?.bytes.equals(someBytes(length)), `${upload.key} is another object`)
  }

  open(key: string, { length, partSize, concurrency }: Transfer): DownloadStream {
    const bytes = someBytes(length)
    this.driver.objects.set(key, { bytes, crc64: crc64Of(bytes) })
    return new DownloadStream({ driver: this.driver, pool: this.pool }, key, { partSize, concurrency })
  }

  /** Reads to the end, pausing after each `chunk`, and compares. */
  async read(download: DownloadStream, { length, chunk }: Transfer): Promise<void> {
    const read: Buffer[] = []
    let due = chunk
    for await (const bytes of download as AsyncIterable<Buffer>) {
      read.push(bytes)
      due -= bytes.length
      if (due > 0) continue
      due = chunk
      await nextTurn()
    }
    assert.ok(Buffer.concat(read).equals(someBytes(length)), `${download.key} has other bytes`)
    assert.equal((await download.done).verified, 'crc64')
  }
}

/** Reads nothing, and resolves when as many bytes have come as fit into the stream and its ranges. */
async function pause(download: DownloadStream): Promise<void> {
  download.read(0)
  for (let before = -1, calm = 0; calm < 5; calm += 1) {
    await nextTurn()
    if (before !== download.progress.received) calm = 0
    before = download.progress.received
  }
}

describe('the memory that uploads and downloads of a store share', () => {
  it('bounds them together, and lets each finish, whatever paused ones hold', async (t) => {
    const drop = t.mock.method(RangeFetcher.prototype, 'sendShort').mock
    await fc.assert(
      fc.asyncProperty(plans, async ({ uploads, downloads, pausedUploads, pausedDownloads }) => {
        const store = new Store()
        const { pool } = store
        const heldUploads = pausedUploads.map((plan, i) => ({ plan, upload: store.start(`paused upload ${i}`, plan) }))
        const heldDownloads = pausedDownloads.map((plan, i) => ({ plan, download: store.open(`paused ${i}`, plan) }))
        const writing = heldUploads.map(({ plan, upload }) => store.write(upload, plan))
        for (const { download } of heldDownloads) {
          await Promise.race([pause(download), nextTurn()])
        }
        await Promise.all([
          ...uploads.map(async (plan, i) => {
            const upload = store.start(`upload ${i}`, plan)
            await store.write(upload, plan)
            await store.end(upload, plan)
          }),
          ...downloads.map((plan, i) => store.read(store.open(`download ${i}`, plan), plan)),
        ])
        await Promise.all(writing)
        assert.ok(pool.most <= MEMORY, `${pool.most} bytes`)
        // Those that paused go on, and have all bytes.
        await Promise.all([
          ...heldUploads.map(({ plan, upload }) => store.end(upload, plan)),
          ...heldDownloads.map(({ plan, download }) => store.read(download, plan)),
        ])
        assert.ok(pool.most <= MEMORY, `${pool.most} bytes`)
        assert.equal(pool.handedOutBytes, 0)
      }),
      { numRuns: 30, examples: [[EXAMPLE]] },
    )
    assert.ok(drop.callCount() > 0, 'no download that pauses gave way')
  })
})
