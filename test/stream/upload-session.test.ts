import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { UploadStream } from '../../src/stream/upload-stream.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import type { UploadOptions } from '../../src/upload/upload-options.js'
import { MemoryDriver, SMALL_PART } from '../support/memory-driver.js'
import { rejection } from '../support/scripted-service.js'

function open(options: UploadOptions): { stream: UploadStream; driver: MemoryDriver } {
  const driver = new MemoryDriver()
  const pool = new BufferPool(tableEngine, 64 * SMALL_PART)
  return { stream: new UploadStream({ driver, pool }, 'k', { partSize: SMALL_PART, ...options }), driver }
}

describe('what a caller throws', () => {
  for (const thrown of [undefined, null, 'a text', 7] as unknown as Error[]) {
    it(`at the end is an error of the stream and of done, be it ${String(thrown)}`, async () => {
      const onProgress = () => Promise.reject(thrown)
      const { stream } = open({ onProgress })
      let isFinished = false
      stream.on('finish', () => (isFinished = true))
      const errored = once(stream, 'error')
      stream.end('x')
      const [[error], reason] = (await Promise.all([errored, rejection(stream.done)])) as [[unknown], unknown]
      assert.ok(error instanceof Error)
      assert.equal(reason, error)
      assert.equal(isFinished, false)
    })

    it(`on the way fails the upload, be it ${String(thrown)}`, async (t) => {
      t.mock.timers.enable({ apis: ['setInterval'] })
      const { stream, driver } = open({
        onProgress: () => {
          throw thrown
        },
      })
      const errored = once(stream, 'error')
      stream.write(Buffer.alloc(2 * SMALL_PART))
      t.mock.timers.tick(250)
      const [[error], reason] = (await Promise.all([errored, rejection(stream.done)])) as [[unknown], unknown]
      assert.ok(error instanceof Error)
      assert.equal(reason, error)
      assert.equal(driver.objects.size, 0)
      assert.equal(driver.uploads.size, 0)
    })
  }

  it('after the caller has destroyed the stream of a stored object changes nothing: done resolves', async () => {
    let fail: (error: Error) => void = () => undefined
    const { stream } = open({
      onProgress() {
        setImmediate(() => stream.destroy())
        return new Promise((_resolve, reject) => (fail = reject))
      },
    })
    stream.end('x')
    await once(stream, 'close')
    fail(new Error('too late'))
    assert.equal((await stream.done).size, 1)
  })
})
