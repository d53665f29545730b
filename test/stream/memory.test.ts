import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import { emulatedStore } from '../support/emulated-store.js'

const MiB = 1024 * 1024

describe('memory', () => {
  it('holds no slab of the caller: 1 KiB slices of 64 KiB slabs cost what their parts cost', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('slices', { partSize: MiB, concurrency: 2 })
    let peak = 0
    for (let i = 0; i < 40 * 1024; i += 1) {
      const slice = Buffer.allocUnsafeSlow(64 * 1024).subarray(0, 1024)
      if (!upload.write(slice)) await once(upload, 'drain')
      if (i % 1024 === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    }
    upload.end()
    const { size } = await upload.done
    assert.equal(size, 40 * MiB)
    // All slabs together are 2,560 MiB; what is held at a time is the parts and what awaits the garbage collector.
    assert.ok(peak < 400 * MiB, `${peak} bytes of array buffers at the peak`)
  })

  it('stays bounded for one write of 1 GiB, which does not block the event loops', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = Buffer.alloc(1024 * MiB, 'a chunk as large as memory allows. ')
    const upload = store.createUploadStream('large', { concurrency: 2 })
    let turns = 0
    const turn = setInterval(() => (turns += 1), 1)
    t.after(() => clearInterval(turn))
    const before = process.memoryUsage().arrayBuffers
    let peak = 0
    upload.on('part', () => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers)
    })
    upload.end(bytes)
    const { size, parts, crc64 } = await upload.done
    assert.equal(size, bytes.length)
    assert.equal(parts, 128)
    const expected = crc64Engine().create()
    expected.update(bytes)
    assert.equal(crc64, formatCrc64(expected.digest()))
    assert.ok(turns > parts, `${turns} turns of a timer`)
    // Three part buffers of 8 MiB; the emulator, in this process too, has buffers of its own.
    assert.ok(peak - before < 128 * MiB, `${peak - before} bytes of array buffers beside the caller's chunk`)
  })
})
