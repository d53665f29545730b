import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { downloadFile } from '../../src/download/file/download-file.js'
import { openStore } from '../../src/index.js'
import { BufferPool } from '../../src/memory/buffer-pool.js'
import type { IdleHolder } from '../../src/memory/deadlock-breaker.js'
import { KiB } from '../../src/shared/byte-size.js'
import { DownloadStream } from '../../src/stream/download-stream.js'
import { readAll, someBytes } from '../support/bytes.js'
import { uploadError } from '../support/errors.js'
import { httpServer } from '../support/http-server.js'
import { MemoryDriver } from '../support/memory-driver.js'
import { CREDENTIALS, crc64Of } from '../support/scripted-service.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const RANGE = 64 * KiB
const BYTES = someBytes(5 * RANGE + 1)

/** Knows who may be asked for memory. */
class WatchedPool extends BufferPool {
  readonly holders = new Set<IdleHolder>()

  override addHolder(holder: IdleHolder): void {
    this.holders.add(holder)
    super.addHolder(holder)
  }

  override removeHolder(holder: IdleHolder): void {
    this.holders.delete(holder)
    super.removeHolder(holder)
  }
}

function storedObject(pool: WatchedPool) {
  const driver = new MemoryDriver()
  driver.objects.set('a', { bytes: BYTES, crc64: crc64Of(BYTES) })
  return { driver, pool }
}

describe('what a download holds', () => {
  it('is given back when it is over, whether it is stored or has failed', async (t) => {
    const pool = new WatchedPool(tableEngine, 512 * KiB)
    const host = storedObject(pool)
    const file = path.join(await temporaryFolder(t), 'a')
    await downloadFile(host, 'a', file, { partSize: RANGE })
    assert.ok(BYTES.equals(await readFile(file)))
    assert.deepEqual([pool.holders.size, pool.handedOutBytes], [0, 0])
    assert.ok(BYTES.equals(await readAll(new DownloadStream(host, 'a', { partSize: RANGE }))))
    host.driver.returnedCrc64 = () => 1n
    await assert.rejects(downloadFile(host, 'a', file, { partSize: RANGE }), uploadError('CHECKSUM_MISMATCH'))
    await assert.rejects(readAll(new DownloadStream(host, 'a', { partSize: RANGE })), uploadError('CHECKSUM_MISMATCH'))
    assert.deepEqual([pool.holders.size, pool.handedOutBytes], [0, 0])
  })

  it('stays with a view that is being written, also when the download is destroyed', async () => {
    const pool = new WatchedPool(tableEngine, 2 * RANGE)
    const host = storedObject(pool)
    let view: Uint8Array = new Uint8Array(0)
    let settle: (() => void) | undefined
    const download = new DownloadStream(host, 'a', { partSize: RANGE }).on('error', () => undefined)
    const written = download.writeTo(async (bytes) => {
      view = bytes
      await new Promise<void>((resolve) => (settle = resolve))
    })
    written.catch(() => undefined)
    while (settle === undefined) await setImmediate()
    const content = Buffer.from(view)
    download.destroy()
    await assert.rejects(written, uploadError('ABORTED'))
    host.driver.objects.set('b', { bytes: someBytes(2 * RANGE, 9), crc64: crc64Of(someBytes(2 * RANGE, 9)) })
    await readAll(new DownloadStream(host, 'b', { partSize: RANGE }))
    assert.ok(content.equals(view))
    assert.ok(content.equals(BYTES.subarray(0, content.length)))
    assert.ok(pool.handedOutBytes > 0)
    settle()
    await setImmediate()
    assert.deepEqual([pool.holders.size, pool.handedOutBytes], [0, 0])
  })

  it('is given back when the bytes are written in place, and when a write fails', async () => {
    const pool = new WatchedPool(tableEngine, 512 * KiB)
    const host = storedObject(pool)
    const views: Buffer[] = []
    const { verified, size } = await new DownloadStream(host, 'a', { partSize: RANGE }).writeTo(async (bytes) => {
      await setImmediate()
      views.push(Buffer.from(bytes))
    })
    assert.deepEqual([verified, size], ['crc64', BYTES.length])
    assert.ok(BYTES.equals(Buffer.concat(views)))
    const full = new Error('the disk is full')
    const failing = new DownloadStream(host, 'a', { partSize: RANGE }).on('error', () => undefined)
    await assert.rejects(
      failing.writeTo(async () => Promise.reject(full)),
      full,
    )
    assert.deepEqual([pool.holders.size, pool.handedOutBytes], [0, 0])
  })

  it('is one range where the machine has no memory for a second one', async (t) => {
    let buffers = 0
    const pool = new WatchedPool(
      {
        createPartBuffer(capacity) {
          buffers += 1
          if (buffers > 1) throw new RangeError('Array buffer allocation failed')
          return tableEngine.createPartBuffer(capacity)
        },
      },
      512 * KiB,
    )
    const host = storedObject(pool)
    assert.ok(BYTES.equals(await readAll(new DownloadStream(host, 'a', { partSize: RANGE }))))
    const file = path.join(await temporaryFolder(t), 'a')
    await downloadFile(host, 'a', file, { partSize: RANGE })
    assert.ok(BYTES.equals(await readFile(file)))
  })

  it('fails the download where the machine has no memory at all', async () => {
    const pool = new WatchedPool(
      {
        createPartBuffer() {
          throw new RangeError('Array buffer allocation failed')
        },
      },
      512 * KiB,
    )
    const download = new DownloadStream(storedObject(pool), 'a', { partSize: RANGE })
    await assert.rejects(readAll(download), /allocation failed/)
  })

  it('is not held by a response that has sent all bytes and does not end', async (t) => {
    const headers = { etag: '"e"', 'x-oss-request-id': 'R', 'x-oss-hash-crc64ecma': formatCrc64(crc64Of(BYTES)) }
    const endpoint = await httpServer(t, ({ headers: { range = '' } }, response) => {
      const [, first = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
      const end = Math.min(Number(last) + 1, BYTES.length)
      response.writeHead(206, { ...headers, 'content-range': `bytes ${first}-${end - 1}/${BYTES.length}` })
      response.write(BYTES.subarray(Number(first), end))
    })
    const store = openStore({
      bucket: 'test-bucket',
      region: 'cn-test',
      endpoint,
      credentials: CREDENTIALS,
      timeouts: { stallMs: 3_600_000 },
    })
    const download = store.createDownloadStream('a', { partSize: RANGE })
    const closed = once(download, 'close')
    assert.ok(BYTES.equals(await readAll(download)))
    await closed
    const file = path.join(await temporaryFolder(t), 'a')
    await store.downloadFile('a', file, { partSize: RANGE })
    assert.ok(BYTES.equals(await readFile(file)))
    // Waits for requests under way.
    await store.close()
  })
})
