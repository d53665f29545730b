import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PartBuffer } from '../../src/checksum/crc64.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import { GiB, KiB, MiB } from '../../src/shared/byte-size.js'
import type { StoreLimits } from '../../src/stores/store-driver.js'
import { BufferPool } from '../../src/upload/buffer-pool.js'
import { PartPlan } from '../../src/upload/part-plan.js'
import { Transfer } from '../../src/upload/transfer.js'
import { Upload } from '../../src/upload/upload.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import { someBytes } from '../support/bytes.js'
import { CountingDriver } from '../support/counting-driver.js'
import { uploadError } from '../support/errors.js'
import { rejection } from '../support/scripted-service.js'

const TiB = 1024 * GiB

const OSS: StoreLimits = {
  minPartSize: 100 * KiB,
  maxPartSize: 5 * GiB,
  maxParts: 10_000,
  maxObjectSize: 10_000 * 5 * GiB,
  maxKeyBytes: 1023,
}

const nobody = () => undefined
const observer = { initiated: nobody, part: nobody, retry: nobody, failed: nobody }

/** A full part that has a length and no bytes. */
class PhantomPart implements PartBuffer {
  readonly capacity: number

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get length(): number {
    return this.capacity
  }

  get bytes(): Buffer {
    return { length: this.capacity } as Buffer
  }

  get free(): Buffer {
    return { length: 0 } as Buffer
  }

  append(): number {
    return 0
  }

  advance(): void {
    throw new RangeError('it is full')
  }

  digest(): bigint {
    return 0n
  }

  clear(): void {
    // It holds nothing.
  }
}

describe('an upload of 10,000 parts without bytes', () => {
  const plans = {
    'the default plan': { options: { partSize: 8 * MiB, maxMemory: 256 * MiB }, bytes: 888_000 * MiB },
    'growth up to the largest part': { options: { partSize: 8 * MiB, maxMemory: 4 * GiB }, bytes: 6_136_000 * MiB },
    'the largest size that can be expected': {
      options: { partSize: 8 * MiB, maxMemory: 8 * GiB, expectedSize: 10_000 * 2 * GiB },
      bytes: 10_000 * 2 * GiB,
    },
  }

  for (const [name, { options, bytes }] of Object.entries(plans)) {
    it(`has the sizes that were planned: ${name}`, async () => {
      const driver = new CountingDriver(OSS)
      const pool = new BufferPool({ createPartBuffer: (capacity) => new PhantomPart(capacity) }, options.maxMemory)
      const plan = new PartPlan({ partGrowth: true, ...options }, OSS)
      const transfer = new Transfer(
        { driver, pool },
        'k',
        { objectOptions: {}, concurrency: 5, partSize: plan.sizeOf(1), checkpoint: undefined },
        observer,
      )
      transfer.open()
      let most = 0
      for (let partNumber = 1; partNumber <= 10_000; partNumber += 1) {
        await transfer.room()
        transfer.send(partNumber, await pool.acquire(plan.sizeOf(partNumber), transfer.cancelled))
        most = Math.max(most, pool.handedOutBytes)
      }
      const { size, parts } = await transfer.complete(10_000, bytes)
      assert.deepEqual({ size, parts }, { size: bytes, parts: 10_000 })
      assert.equal(driver.counted.get('k')?.size, bytes)
      assert.ok(most <= options.maxMemory)
    })
  }

  it('is refused at once where no plan has room for what is expected', () => {
    const options = { partSize: 8 * MiB, maxMemory: 64 * GiB, partGrowth: true, expectedSize: 48 * TiB }
    assert.throws(() => new PartPlan(options, OSS), uploadError('INVALID_OPTION', 'expectedSize', 'at most'))
  })
})

/** All sizes are 1/8192 of the usual ones, so that every byte is real: 8 MiB is 1 KiB, 256 MiB is 32 KiB. */
describe('an upload of 10,000 parts of real bytes', () => {
  const SCALED: Partial<StoreLimits> = { minPartSize: 13, maxPartSize: 256 * KiB, maxParts: 10_000 }
  const chunk = someBytes(64 * KiB)

  function start(options: UploadOptions): { upload: Upload; driver: CountingDriver } {
    const driver = new CountingDriver(SCALED)
    const pool = new BufferPool(crc64Engine(), 32 * KiB)
    return { driver, upload: new Upload({ driver, pool }, 'k', { partSize: KiB, ...options }, observer) }
  }

  async function write(upload: Upload, bytes: number): Promise<void> {
    for (let left = bytes; left > 0; left -= chunk.length) await upload.write(chunk.subarray(0, left))
  }

  const ceilings = {
    grown: { options: {}, bytes: 888_000 * 128 },
    equal: { options: { partGrowth: false }, bytes: 10_000 * KiB },
  }

  for (const [name, { options, bytes }] of Object.entries(ceilings)) {
    it(`holds exactly what the plan says, with ${name} parts`, async () => {
      const { upload, driver } = start(options)
      await write(upload, bytes)
      const { size, parts } = await upload.finish()
      assert.deepEqual({ size, parts }, { size: bytes, parts: 10_000 })
      const expected = crc64Engine().create()
      for (let left = bytes; left > 0; left -= chunk.length) expected.update(chunk.subarray(0, left))
      assert.equal(driver.counted.get('k')?.crc64, expected.digest())
    })

    it(`ends with advice at one byte more, with ${name} parts`, async () => {
      const { upload } = start(options)
      await write(upload, bytes)
      const error = await rejection((async () => upload.write(chunk.subarray(0, 1)))())
      assert.ok(uploadError('TOO_MANY_PARTS', '10000 parts', 'expectedSize', 'partSize')(error))
      await upload.abort(error as Error)
    })
  }
})
