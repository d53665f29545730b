import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { crc64Engine } from '../../src/checksum/engine.js'
import { SegmentedPart } from '../../src/checksum/segmented-part.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import { Upload } from '../../src/upload/upload.js'
import { uploadFile } from '../../src/upload/file/upload-file.js'
import { someBytes } from '../support/bytes.js'
import { MemoryDriver } from '../support/memory-driver.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PART = 3 * MiB
const nobody = () => undefined
const observer = { initiated: nobody, part: nobody, retry: nobody, failed: nobody }

/** As where parts are larger than 1 GiB. The driver holds each part against its CRC-64. */
describe('an upload whose parts are in segments', () => {
  const runs = fc.record({
    segmentSize: fc.integer({ min: 200 * KiB, max: 2 * MiB }),
    size: fc.integer({ min: 1, max: 3 * PART }),
    chunk: fc.integer({ min: 10 * KiB, max: 4 * MiB }),
  })

  function host(segmentSize: number): { driver: MemoryDriver; pool: BufferPool } {
    const createPartBuffer = (capacity: number) => new SegmentedPart(crc64Engine(), capacity, segmentSize)
    return { driver: new MemoryDriver({ maxPartSize: PART }), pool: new BufferPool({ createPartBuffer }, 8 * PART) }
  }

  it('stores a stream as it is', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async ({ segmentSize, size, chunk }) => {
        const { driver, pool } = host(segmentSize)
        const bytes = someBytes(size)
        const upload = new Upload({ driver, pool }, 'k', { partSize: PART }, observer)
        for (let at = 0; at < size; at += chunk) await upload.write(bytes.subarray(at, at + chunk))
        const { parts } = await upload.finish()
        assert.equal(parts, Math.ceil(size / PART))
        assert.ok(driver.objects.get('k')?.bytes.equals(bytes))
      }),
      { numRuns: 15 },
    )
  })

  it('stores a file as it is', async (t) => {
    const file = path.join(await temporaryFolder(t), 'file')
    await fc.assert(
      fc.asyncProperty(runs, async ({ segmentSize, size }) => {
        const { driver, pool } = host(segmentSize)
        const bytes = someBytes(size)
        await writeFile(file, bytes)
        await uploadFile({ driver, pool }, 'k', file, { partSize: PART, checkpoint: false })
        assert.ok(driver.objects.get('k')?.bytes.equals(bytes))
      }),
      { numRuns: 15 },
    )
  })
})
