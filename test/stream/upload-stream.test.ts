import assert from 'node:assert/strict'
import { once } from 'node:events'
import { PassThrough, Readable, Writable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { crc64Engine } from '../../src/checksum/engine.js'
import { UploadError } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'

const PART = 100 * 1024

function crc64Text(bytes: Uint8Array): string {
  const crc64 = crc64Engine().create()
  crc64.update(bytes)
  return formatCrc64(crc64.digest())
}

describe('an upload stream', () => {
  for (const [what, length, requests, parts] of [
    ['nothing', 0, ['PutObject'], 1],
    ['one byte', 1, ['PutObject'], 1],
    ['exactly one part', PART, ['PutObject'], 1],
    ['one byte more than a part', PART + 1, undefined, 2],
    ['exactly three parts', 3 * PART, undefined, 3],
    ['three parts and a half', 3.5 * PART, undefined, 4],
  ] as const) {
    it(`stores ${what} in ${parts === 1 ? 'one request' : `${parts} parts`}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const bytes = someBytes(length)
      const upload = store.createUploadStream('dir/a b+c.bin', { partSize: PART })
      await pipeline(Readable.from([bytes]), upload)
      const result = await upload.done

      assert.equal(result.size, length)
      assert.equal(result.parts, parts)
      assert.equal(result.crc64, crc64Text(bytes))
      assert.equal(result.bucket, 'test-bucket')
      assert.equal(result.key, 'dir/a b+c.bin')
      assert.equal(result.uploadId !== undefined, parts > 1)
      const operations = emulator.requests.map(({ operation }) => operation)
      assert.deepEqual(
        operations,
        requests ?? [
          'InitiateMultipartUpload',
          ...Array.from({ length: parts }, () => 'UploadPart'),
          'CompleteMultipartUpload',
        ],
      )
      const { body, size, crc64, etag } = await store.get('dir/a b+c.bin')
      assert.equal(size, length)
      assert.equal(crc64, result.crc64)
      assert.equal(etag, result.etag)
      assert.deepEqual(await readAll(body), bytes)
    })
  }

  it('emits finish only when the object exists', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({ match: { operation: 'CompleteMultipartUpload' }, action: { type: 'delay', ms: 50 } })
    const upload = store.createUploadStream('k', { partSize: PART })
    let isDone = false
    void upload.done.then(() => {
      isDone = true
    })
    upload.end(someBytes(2 * PART))
    await once(upload, 'finish')
    assert.equal(await exists(store, 'k'), true)
    assert.equal(isDone, true)
  })

  it('gives the same object for any chunking', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(4 * PART)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 * PART }), { maxLength: 12 }),
        fc.integer({ min: PART, max: 2 * PART }),
        fc.integer({ min: 1, max: 4 }),
        async (lengths, partSize, concurrency) => {
          const upload = store.createUploadStream('any', { partSize, concurrency })
          let at = 0
          for (const length of lengths) {
            if (!upload.write(bytes.subarray(at, (at += Math.min(length, bytes.length - at))))) {
              if (upload.writableNeedDrain) await once(upload, 'drain')
            }
          }
          upload.end()
          const { size, parts, crc64 } = await upload.done
          assert.equal(size, at)
          assert.equal(parts, Math.max(Math.ceil(at / partSize), 1))
          const expected = bytes.subarray(0, at)
          assert.equal(crc64, crc64Text(expected))
          assert.equal(Buffer.compare(await readAll((await store.get('any')).body), expected), 0)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('accepts strings in their encodings, byte arrays, end(chunk), corked writes and single bytes', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('mixed')
    upload.write('größe ')
    upload.write('ff00', 'hex')
    upload.write('AAEC', 'base64')
    upload.write('hi', 'utf16le')
    upload.write(new Uint8Array([1, 2, 3]).subarray(1))
    upload.cork()
    for (let i = 0; i < 300; i += 1) upload.write(Buffer.from([i & 0xff]))
    upload.uncork()
    let endCalled = false
    upload.end('Ω', 'utf8', () => {
      endCalled = true
    })
    await upload.done
    await finished(upload)
    assert.equal(endCalled, true)
    const expected = Buffer.concat([
      Buffer.from('größe '),
      Buffer.from([0xff, 0x00, 0x00, 0x01, 0x02]),
      Buffer.from('hi', 'utf16le'),
      Buffer.from([2, 3]),
      Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff)),
      Buffer.from('Ω'),
    ])
    assert.deepEqual(await readAll((await store.get('mixed')).body), expected)
  })

  it('copies what it is given: the caller may change it at once', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('copied', { partSize: PART })
    const chunk = Buffer.alloc(1024)
    for (let i = 0; i < 300; i += 1) {
      chunk.fill(i & 0xff)
      await new Promise<void>((resolve) => {
        upload.write(chunk, () => resolve())
      })
    }
    upload.end()
    await upload.done
    const stored = await readAll((await store.get('copied')).body)
    for (let i = 0; i < 300; i += 1) assert.equal(stored[i * 1024 + 1023], i & 0xff)
  })

  it('is a web stream through Writable.toWeb', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(3 * PART)
    const upload = store.createUploadStream('web', { partSize: PART })
    await new Blob([bytes]).stream().pipeTo(Writable.toWeb(upload))
    assert.equal((await upload.done).crc64, crc64Text(bytes))
  })

  it('reports its parts, its upload ID and its progress', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('reported', { partSize: PART, expectedSize: 250_000 })
    const parts: number[] = []
    let initiated: string | undefined
    upload.on('part', ({ partNumber, size }) => {
      parts.push(partNumber)
      assert.ok(size > 0)
    })
    upload.on('initiated', (uploadId) => {
      initiated = uploadId
    })
    upload.end(someBytes(250_000))
    const { uploadId } = await upload.done
    assert.equal(initiated, uploadId)
    assert.equal(upload.uploadId, uploadId)
    assert.deepEqual(parts.sort(), [1, 2, 3])
    const { received, sent, acknowledged, partsDone, partsInFlight, expectedSize, retries } = upload.progress
    assert.deepEqual(
      { received, sent, acknowledged, partsDone, partsInFlight, expectedSize, retries },
      {
        received: 250_000,
        sent: 250_000,
        acknowledged: 250_000,
        partsDone: 3,
        partsInFlight: 0,
        expectedSize: 250_000,
        retries: 0,
      },
    )
  })

  it('calls onProgress at the end and waits for its promise before finish', async (t) => {
    const { store } = await emulatedStore(t)
    const order: string[] = []
    const upload = store.createUploadStream('progress', {
      async onProgress(progress) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        order.push(`progress ${progress.acknowledged}`)
      },
    })
    upload.on('finish', () => order.push('finish'))
    upload.end('12345')
    await upload.done
    await finished(upload)
    assert.deepEqual(order.slice(-2), ['progress 5', 'finish'])
  })

  it('holds at most concurrency + 1 part buffers while the network is stalled', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      times: Infinity,
      action: { type: 'stall', at: 'request' },
    })
    const upload = store.createUploadStream('stuck', { partSize: PART, concurrency: 2 })
    const source = new PassThrough({ highWaterMark: 1024 })
    const piped = pipeline(source, upload)
    piped.catch(() => undefined)
    let offered = 0
    // The source is stopped when three buffers and what streams hold in advance are full.
    while (offered < 100 * PART) {
      if (!source.write(Buffer.alloc(16 * 1024))) {
        const drained = await Promise.race([
          once(source, 'drain').then(() => true),
          new Promise((resolve) => setTimeout(resolve, 100)).then(() => false),
        ])
        if (!drained) break
      }
      offered += 16 * 1024
    }
    const { received } = upload.progress
    assert.ok(received <= 3 * PART + 256 * 1024 + 64 * 1024, `${received} bytes were taken`)
    assert.equal(upload.progress.waitingFor, 'network')
    source.destroy(new Error('enough'))
    await assert.rejects(piped, /enough/)
  })
})

describe('an upload that fails', () => {
  const givenUp: [string, (upload: Writable, source: PassThrough) => void, RegExp][] = [
    ['the source fails', (_upload, source) => source.destroy(new Error('pg_dump died')), /pg_dump died/],
    ['the source is closed early', (_upload, source) => source.destroy(), /[Pp]remature close/],
    ['the upload is destroyed with an error', (upload) => upload.destroy(new Error('no more')), /no more/],
    ['the upload is destroyed', (upload) => upload.destroy(), /[Pp]remature close|was aborted/],
  ]
  for (const [what, giveUp, message] of givenUp) {
    for (const [when, length] of [
      ['before the first byte', 0],
      ['within the first part', PART / 2],
      ['with parts in flight', 5 * PART],
    ] as const) {
      it(`leaves nothing behind when ${what} ${when}`, async (t) => {
        const { emulator, store } = await emulatedStore(t)
        const upload = store.createUploadStream('dump', { partSize: PART, concurrency: 2 })
        const source = new PassThrough()
        const piped = pipeline(source, upload)
        piped.catch(() => undefined)
        if (length > 0) source.write(someBytes(length))
        if (length > PART) await once(upload, 'part')
        giveUp(upload, source)
        await assert.rejects(piped, message)
        await assert.rejects(upload.done)
        assert.equal(await exists(store, 'dump'), false)
        assert.deepEqual(await unfinishedUploads(store), [])
        assert.equal(
          emulator.requests.some(({ operation }) => operation === 'CompleteMultipartUpload'),
          false,
        )
      })
    }
  }

  it('is aborted by its signal, with ABORTED and the reason as cause', async (t) => {
    const { store } = await emulatedStore(t)
    const controller = new AbortController()
    const upload = store.createUploadStream('k', { partSize: PART, signal: controller.signal })
    upload.write(someBytes(3 * PART))
    await once(upload, 'part')
    const reason = new Error('changed my mind')
    controller.abort(reason)
    const [error] = (await once(upload, 'error')) as [UploadError]
    assert.equal(error.code, 'ABORTED')
    assert.equal(error.cause, reason)
    await assert.rejects(upload.done, error)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('still reports how far it came', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('k', { partSize: PART })
    upload.on('error', () => undefined)
    upload.write(someBytes(2 * PART + 1))
    for (let parts = 0; parts < 2; parts += 1) await once(upload, 'part')
    upload.destroy(new Error('enough'))
    await assert.rejects(upload.done, /enough/)
    const { received, acknowledged, partsDone, partsInFlight } = upload.progress
    assert.deepEqual(
      { received, acknowledged, partsDone, partsInFlight },
      { received: 2 * PART + 1, acknowledged: 2 * PART, partsDone: 2, partsInFlight: 0 },
    )
  })

  it('sends nothing when its signal was aborted already', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const upload = store.createUploadStream('k', { signal: AbortSignal.abort() })
    await assert.rejects(pipeline(Readable.from(['data']), upload), { code: 'ABORTED' })
    assert.deepEqual(emulator.requests, [])
  })

  it('is unaffected by another upload of the same signal', async (t) => {
    const { store } = await emulatedStore(t)
    const controller = new AbortController()
    const uploads = ['a', 'b'].map((key) =>
      store.createUploadStream(key, { partSize: PART, signal: controller.signal }),
    )
    for (const upload of uploads) upload.write(someBytes(2 * PART))
    controller.abort()
    for (const upload of uploads) {
      await assert.rejects(upload.done, { code: 'ABORTED' })
      upload.on('error', () => undefined)
    }
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('fails a write after end before anything is sent', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const upload = store.createUploadStream('k')
    upload.end('all')
    upload.write('more')
    await assert.rejects(upload.done, { code: 'ERR_STREAM_WRITE_AFTER_END' })
    upload.on('error', () => undefined)
    assert.deepEqual(emulator.requests, [])
  })

  it('is aborted by await using', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('k', { partSize: PART })
    upload.write(someBytes(2 * PART))
    await once(upload, 'initiated')
    await upload[Symbol.asyncDispose]()
    await assert.rejects(upload.done, { code: 'ABORTED' })
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  for (const event of ['part', 'initiated', 'retry', 'progress'] as const) {
    it(`fails with what a listener of ${event} throws, and cleans up`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      emulator.faults.inject({
        match: { operation: 'UploadPart' },
        action: { type: 'error', status: 500, code: 'InternalError' },
      })
      const upload = store.createUploadStream('k', { partSize: PART })
      upload.on(event, () => {
        throw new Error('listener')
      })
      upload.end(someBytes(3 * PART))
      await assert.rejects(upload.done, /listener/)
      upload.on('error', () => undefined)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }
})
