import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PartBuffer } from '../../src/checksum/crc64.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import { GiB, KiB, MiB } from '../../src/shared/byte-size.js'
import type { StoreLimits } from '../../src/stores/store-driver.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { Upload } from '../../src/upload/upload.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import { someBytes } from '../support/bytes.js'
import { CountingDriver } from '../support/counting-driver.js'
import { uploadError } from '../support/errors.js'
import { OSS_LIMITS } from '../support/oss-limits.js'
import { rejection } from '../support/scripted-service.js'

const nobody = () => undefined
const observer = { initiated: nobody, part: nobody, retry: nobody, failed: nobody }

/** A part that has a length and no bytes. */
class PhantomPart implements PartBuffer {
  readonly capacity: number
  length = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get segments(): readonly Uint8Array[] {
    return [phantom(this.length)]
  }

  /** Takes all that the source has, beyond `end` too: nothing is copied that anybody would have to wait for. */
  append(source: Uint8Array, start: number): number {
    const taken = Math.min(source.length - start, this.capacity - this.length)
    this.length += taken
    return taken
  }

  get free(): Uint8Array {
    return phantom(this.capacity - this.length)
  }

  advance(length: number): void {
    this.length += length
  }

  digest(): bigint {
    return 0n
  }

  clear(): void {
    this.length = 0
  }
}

function phantom(length: number): Uint8Array {
  return { length } as Uint8Array
}

describe('an upload of 10,000 parts without bytes', () => {
  const whole = OSS_LIMITS.maxObjectSize
  interface Plan {
    maxMemory: number
    options: UploadOptions
    bytes: number
    largest: number
    advice: string[]
  }
  const plans: Record<string, Plan> = {
    'the default plan': {
      maxMemory: 256 * MiB,
      options: {},
      bytes: 888_000 * MiB,
      largest: 128 * MiB,
      advice: ['867.2 GiB', 'set expectedSize', 'a larger partSize', 'a larger maxMemory'],
    },
    'growth up to the largest part': {
      maxMemory: 10 * GiB,
      options: {},
      bytes: 8_184_000 * MiB,
      largest: 4 * GiB,
      advice: ['7.8 TiB', 'set expectedSize', 'a larger partSize'],
    },
    'the largest parts that there can be': {
      maxMemory: 30 * GiB,
      options: { partSize: 5 * GiB },
      bytes: whole,
      largest: 5 * GiB,
      advice: ['48.8 TiB', 'no larger ones', 'several objects'],
    },
    'the largest size that can be expected': {
      maxMemory: 5 * GiB,
      options: { expectedSize: whole },
      bytes: whole,
      largest: 5 * GiB,
      advice: ['48.8 TiB', 'no larger ones', 'several objects'],
    },
  }

  for (const [name, { maxMemory, options, bytes, largest, advice }] of Object.entries(plans)) {
    async function filled(): Promise<{ upload: Upload; driver: CountingDriver; mostMemory: () => number }> {
      const driver = new CountingDriver(OSS_LIMITS)
      const pool = new BufferPool({ createPartBuffer: (capacity) => new PhantomPart(capacity) }, maxMemory)
      let most = 0
      driver.onBody = () => (most = Math.max(most, pool.handedOutBytes))
      const upload = new Upload({ driver, pool }, 'k', options, observer)
      for (let left = bytes; left > 0; left -= 5 * GiB) await upload.write(phantom(Math.min(left, 5 * GiB)))
      return { upload, driver, mostMemory: () => most }
    }

    it(`accepts all that was planned: ${name}`, async () => {
      const { upload, driver, mostMemory } = await filled()
      const { size, parts } = await upload.finish()
      assert.deepEqual({ size, parts }, { size: bytes, parts: 10_000 })
      assert.equal(driver.counted.get('k')?.size, bytes)
      const sent = [...(driver.parts.get(upload.uploadId ?? '')?.values() ?? [])].map((part) => part.size)
      assert.equal(sent.length, 10_000)
      assert.equal(Math.max(...sent), largest)
      assert.ok(mostMemory() <= maxMemory)
    })

    it(`ends with advice at one byte more: ${name}`, async () => {
      const { upload } = await filled()
      const error = await rejection((async () => upload.write(phantom(1)))())
      assert.ok(uploadError('TOO_MANY_PARTS', '10000 parts', ...advice)(error), String(error))
      await upload.abort(error as Error)
    })
  }

  it('is refused at once where no plan has room for what is expected', () => {
    const pool = new BufferPool({ createPartBuffer: (capacity) => new PhantomPart(capacity) }, 64 * GiB)
    const start = (expectedSize: number) =>
      new Upload({ driver: new CountingDriver(OSS_LIMITS), pool }, 'k', { expectedSize }, observer)
    assert.throws(() => start(whole + 1), uploadError('INVALID_OPTION', 'expectedSize', whole.toLocaleString('en-US')))
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
