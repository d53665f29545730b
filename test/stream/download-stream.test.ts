import assert from 'node:assert/strict'
import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import type { Fault } from '../../src/emulator/index.js'
import { createDownloadStream, type DownloadProgress, type ObjectStore } from '../../src/index.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore } from '../support/emulated-store.js'
import { invalidOption, uploadError } from '../support/errors.js'
import { crc64Of } from '../support/scripted-service.js'

const RANGE = 64 * KiB

async function put(store: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  await store.upload(key, bytes, { partSize: 256 * KiB })
}

/** A fault of the request for the range that begins with the nth byte that is asked for. */
function hitsGet(skip: number, action: Fault['action'], times = 1): Fault {
  return { match: { operation: 'GetObject' }, skip, times, action }
}

describe('a download stream', () => {
  it('hands on an object that was read in several ranges, in order, and says how it was verified', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    const bytes = someBytes(10 * RANGE + 12_345)
    await put(store, 'a', bytes)
    const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 3 })
    assert.deepEqual(await readAll(download), bytes)
    const result = await download.done
    const { requestId, etag, ...facts } = result
    assert.notEqual(requestId, '')
    assert.equal(etag, (await store.head('a')).etag)
    assert.deepEqual(facts, {
      bucket: 'test-bucket',
      key: 'a',
      size: bytes.length,
      crc64: formatCrc64(crc64Of(bytes)),
      checksum: { algorithm: 'crc64ecma', value: formatCrc64(crc64Of(bytes)) },
      verified: 'crc64',
      ranges: 11,
    })
    assert.equal(emulator.requests.filter(({ operation }) => operation === 'GetObject').length, 11)
  })

  it('is one request where the object fits in one range, also an empty one', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    await put(store, 'small', someBytes(1000))
    assert.deepEqual(await readAll(store.createDownloadStream('small')), someBytes(1000))
    assert.equal(emulator.requests.filter(({ operation }) => operation !== 'PutObject').length, 1)
    await put(store, 'empty', Buffer.alloc(0))
    const empty = store.createDownloadStream('empty')
    assert.deepEqual(await readAll(empty), Buffer.alloc(0))
    assert.equal((await empty.done).verified, 'crc64')
  })

  it('reads a range alone', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(5 * RANGE)
    await put(store, 'a', bytes)
    const read = async (range: { start: number; end?: number }) => {
      const download = store.createDownloadStream('a', { range, partSize: RANGE })
      const found = await readAll(download)
      const { size, verified } = await download.done
      assert.deepEqual([size, verified], [found.length, 'size'])
      return found
    }
    assert.deepEqual(await read({ start: 10, end: 3 * RANGE }), bytes.subarray(10, 3 * RANGE + 1))
    assert.deepEqual(await read({ start: 4 * RANGE }), bytes.subarray(4 * RANGE))
    assert.deepEqual(await read({ start: 100, end: 10 ** 9 }), bytes.subarray(100))
    await assert.rejects(read({ start: 5 * RANGE }), uploadError('REJECTED'))
  })

  it('continues from the byte where a range broke', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    const bytes = someBytes(6 * RANGE)
    await put(store, 'a', bytes)
    emulator.faults.inject(hitsGet(0, { type: 'truncate', afterBytes: 1000 }))
    emulator.faults.inject(hitsGet(1, { type: 'reset', at: 'answer', afterBytes: 20_000 }))
    emulator.faults.inject(hitsGet(3, { type: 'error', status: 503, code: 'SlowDown' }))
    const retries: string[] = []
    const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 1 })
    download.on('retry', ({ operation }) => retries.push(operation))
    assert.deepEqual(await readAll(download), bytes)
    assert.deepEqual(retries, ['GetObject', 'GetObject', 'GetObject'])
    assert.equal(download.progress.retries, 3)
    assert.equal(download.progress.received, bytes.length)
  })

  it('waits for a range whose response is slow, and continues those that break, in any order', async (t) => {
    const { store, emulator } = await emulatedStore(t, { store: { timeouts: { stallMs: 200 } } })
    const bytes = someBytes(8 * RANGE)
    await put(store, 'a', bytes)
    const actions: Fault['action'][] = [
      { type: 'slow', direction: 'out', bytesPerSecond: 300_000 },
      { type: 'truncate', afterBytes: 1000 },
      { type: 'delay', ms: 50 },
      { type: 'reset', at: 'answer', afterBytes: 20_000 },
      { type: 'stall', at: 'answer', afterBytes: 30_000 },
      { type: 'error', status: 503, code: 'SlowDown' },
      { type: 'answer', status: 200, body: 'x' },
    ]
    for (const [i, action] of actions.entries()) {
      emulator.faults.inject({ match: { operation: 'GetObject', rangeStart: (i + 1) * RANGE }, action })
    }
    const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 8 })
    assert.ok(bytes.equals(await readAll(download)))
    assert.equal((await download.done).verified, 'crc64')
    assert.ok(download.progress.retries >= 5)
    const asked = emulator.requests.filter(({ fault }) => fault !== undefined).map(({ fault }) => fault)
    assert.deepEqual(asked.sort(), actions.map(({ type }) => type).sort())
    assert.deepEqual(emulator.faults.pending(), [])
  })

  it('counts attempts from the last byte that came', async (t) => {
    const { store, emulator } = await emulatedStore(t, { store: { retry: { maxAttempts: 2, baseDelayMs: 0 } } })
    const bytes = someBytes(60_000)
    await put(store, 'a', bytes)
    emulator.faults.inject(hitsGet(0, { type: 'truncate', afterBytes: 5000 }, 10))
    assert.deepEqual(await readAll(store.createDownloadStream('a')), bytes)
    emulator.faults.inject(hitsGet(0, { type: 'truncate', afterBytes: 0 }, 2))
    await assert.rejects(readAll(store.createDownloadStream('a')), uploadError('NETWORK', 'after 2 attempts'))
  })

  it('fails when the object is replaced or deleted meanwhile, and never mixes two', async (t) => {
    const { store } = await emulatedStore(t)
    for (const change of [
      () => put(store, 'a', someBytes(10 * RANGE, 2)),
      () => put(store, 'a', someBytes(100, 3)),
      () => store.delete('a'),
    ]) {
      const bytes = someBytes(10 * RANGE)
      await put(store, 'a', bytes)
      const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 2 })
      const found: Buffer[] = []
      await assert.rejects(
        async () => {
          for await (const chunk of download as AsyncIterable<Buffer>) {
            if (found.length === 0) await change()
            found.push(chunk)
          }
        },
        uploadError('SOURCE_CHANGED', '"a" was '),
      )
      const read = Buffer.concat(found)
      assert.deepEqual(read, bytes.subarray(0, read.length))
    }
  })

  it('detects a service that ignores the range, or returns another one', async (t) => {
    const { store, emulator } = await emulatedStore(t, { store: { retry: { maxAttempts: 2, baseDelayMs: 0 } } })
    const bytes = someBytes(3 * RANGE)
    await put(store, 'a', bytes)
    const { headers } = await store.head('a')
    const known = { ETag: headers['etag'] ?? '', 'x-oss-request-id': 'R' }
    const fails = async (status: number, more: Record<string, string>, body: string, text: string) => {
      emulator.faults.inject(hitsGet(1, { type: 'answer', status, headers: { ...known, ...more }, body }, 2))
      const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 1 })
      await assert.rejects(readAll(download), uploadError('BAD_ANSWER', text))
      emulator.faults.clear()
    }
    await fails(200, {}, 'x'.repeat(3 * RANGE), 'ignores ranges')
    const other = { 'Content-Range': `bytes 0-9/${3 * RANGE}` }
    await fails(206, other, 'x'.repeat(10), `bytes 0 to 9 of ${3 * RANGE} but bytes ${RANGE} to`)
    const short = { 'Content-Range': `bytes ${RANGE}-${2 * RANGE - 1}/${3 * RANGE}` }
    await fails(206, short, 'x', 'Content-Length 1 for')
    await fails(206, {}, 'x', 'Content-Range')
  })

  it('fails instead of ending where the bytes are not those of the object', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    await put(store, 'a', someBytes(3 * RANGE))
    emulator.faults.inject(hitsGet(0, { type: 'wrong-checksum' }))
    const download = store.createDownloadStream('a', { partSize: RANGE })
    await assert.rejects(readAll(download), uploadError('CHECKSUM_MISMATCH', 'have CRC-64'))
    await assert.rejects(download.done, uploadError('CHECKSUM_MISMATCH'))
  })

  it('hands on chunks that stay what they are', async (t) => {
    const { store } = await emulatedStore(t, { store: { maxMemory: MiB } })
    const bytes = someBytes(3 * MiB)
    await put(store, 'a', bytes)
    const chunks: Buffer[] = []
    for await (const chunk of store.createDownloadStream('a', { partSize: RANGE }) as AsyncIterable<Buffer>) {
      chunks.push(chunk)
    }
    assert.deepEqual(Buffer.concat(chunks), bytes)
  })

  it('reads no more than its ranges while its reader pauses', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(40 * RANGE)
    await put(store, 'a', bytes)
    const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 3 })
    await once(download, 'readable')
    const first = download.read(1) as Buffer
    assert.deepEqual(first, bytes.subarray(0, 1))
    for (let before = -1; before !== download.progress.received;) {
      before = download.progress.received
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    // What lies in the stream's own buffer beside the ranges held.
    assert.ok(download.progress.received <= 4 * RANGE + 5 * RANGE, String(download.progress.received))
    assert.deepEqual(Buffer.concat([first, await readAll(download)]), bytes)
  })

  it('reports what it does', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(5 * RANGE)
    await put(store, 'a', bytes)
    const reports: DownloadProgress[] = []
    const download = store.createDownloadStream('a', {
      partSize: RANGE,
      onProgress: (progress) => void reports.push(progress),
    })
    let reported = 0
    download.on('object', ({ size }) => (reported = size))
    assert.equal((await download.object).crc64, formatCrc64(crc64Of(bytes)))
    await readAll(download)
    assert.equal(reported, bytes.length)
    const last = reports.at(-1)
    assert.deepEqual(
      [last?.received, last?.delivered, last?.total, last?.fraction, last?.rangesInFlight],
      [bytes.length, bytes.length, bytes.length, 1, 0],
    )
  })

  it('settles everything when it is destroyed or its signal is aborted', async (t) => {
    const { store, emulator } = await emulatedStore(t)
    await put(store, 'a', someBytes(20 * RANGE))
    emulator.faults.inject(hitsGet(2, { type: 'stall', at: 'answer' }))
    const controller = new AbortController()
    const download = store.createDownloadStream('a', { partSize: RANGE, concurrency: 3, signal: controller.signal })
    await once(download, 'readable')
    controller.abort(new Error('enough'))
    await assert.rejects(readAll(download), uploadError('ABORTED', 'its signal was aborted'))
    await assert.rejects(download.done, uploadError('ABORTED'))

    const destroyed = store.createDownloadStream('a', { partSize: RANGE })
    await once(destroyed, 'readable')
    destroyed.destroy()
    await once(destroyed, 'close')
    await assert.rejects(destroyed.done, uploadError('ABORTED', 'destroyed'))

    const unread = store.createDownloadStream('a', { signal: AbortSignal.abort() })
    await assert.rejects(readAll(unread), uploadError('ABORTED'))
  })

  it('resolves where it is destroyed when its end is due already', async (t) => {
    const { store } = await emulatedStore(t)
    await put(store, 'a', someBytes(10))
    const download = store.createDownloadStream('a')
    const events: string[] = []
    for (const event of ['end', 'close']) download.on(event, () => events.push(event))
    download.on('data', () => undefined)
    const prepared = download.push.bind(download)
    t.mock.method(download, 'push', (chunk: Buffer | null) => {
      // The end is emitted in the next turn of the queue.
      if (chunk === null) void Promise.resolve().then(() => download.destroy())
      return prepared(chunk)
    })
    await once(download, 'close')
    assert.deepEqual(events, ['end', 'close'])
    assert.equal((await download.done).verified, 'crc64')
  })

  it('fails with the code of the service', async (t) => {
    const { store } = await emulatedStore(t)
    const download = store.createDownloadStream('missing')
    await assert.rejects(download.object, uploadError('NOT_FOUND'))
    await assert.rejects(readAll(download), uploadError('NOT_FOUND'))
  })

  it('refuses options that are not acceptable', async (t) => {
    const { store } = await emulatedStore(t, { store: { maxMemory: MiB } })
    assert.throws(() => store.createDownloadStream('a', { partSize: 5 }), invalidOption('partSize ', '(got 5)'))
    assert.throws(() => store.createDownloadStream('a', { partSize: 2 * MiB }), invalidOption('partSize', 'maxMemory'))
    assert.throws(() => store.createDownloadStream('a', { concurrency: 0 }), invalidOption('concurrency'))
    assert.throws(() => store.createDownloadStream('a', { range: { start: -1 } }), invalidOption('range.start'))
    assert.throws(() => store.createDownloadStream('', {}), invalidOption('key'))
    assert.throws(() => store.createDownloadStream('a', { acl: 'private' } as object), invalidOption('acl'))
  })

  it('is made of a target as well', async (t) => {
    const { store } = await emulatedStore(t)
    await put(store, 'a', someBytes(10))
    const download = createDownloadStream('oss://test-bucket/a', { store })
    assert.deepEqual(await readAll(download), someBytes(10))
  })

  it('waits for memory that uploads of the store have, and gives way to them while its reader pauses', async (t) => {
    const { store } = await emulatedStore(t, { store: { maxMemory: 2 * MiB } })
    const bytes = someBytes(6 * MiB)
    await put(store, 'a', bytes)
    const download = store.createDownloadStream('a', { partSize: MiB, concurrency: 5 })
    await once(download, 'readable')
    // The reader pauses; an upload needs the memory.
    await store.upload('b', someBytes(4 * MiB, 2), { partSize: MiB, concurrency: 1 })
    assert.deepEqual(await readAll(download), bytes)
  })

  it('copies an object within a store whose memory both sides share', async (t) => {
    const { store } = await emulatedStore(t, { store: { maxMemory: MiB } })
    const bytes = someBytes(5 * MiB)
    await store.upload('a', bytes, { partSize: 256 * KiB })
    const upload = store.createUploadStream('b', { partSize: 256 * KiB })
    await pipeline(store.createDownloadStream('a', { partSize: 256 * KiB }), upload)
    assert.equal((await upload.done).crc64, formatCrc64(crc64Of(bytes)))
  })

  it('is held back by the bandwidth limit of the store', async (t) => {
    const { store, open } = await emulatedStore(t)
    await put(store, 'a', someBytes(4 * RANGE))
    const slow = open({ downloadBandwidthLimit: 1024 })
    const download = slow.createDownloadStream('a', { partSize: RANGE })
    await once(download, 'readable')
    await new Promise((resolve) => setTimeout(resolve, 100))
    // What is read of a socket at once, of each range.
    assert.ok(download.progress.received < 4 * RANGE)
    download.destroy()
    await once(download, 'close')
  })
})
