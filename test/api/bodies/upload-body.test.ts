import assert from 'node:assert/strict'
import { openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ObjectStore, UploadBody, UploadOptions, UploadProgress } from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const PART = 102_400
const BYTES = someBytes(3 * PART + 77)

/** What a body is made of, chunk by chunk. */
function chunksOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 30_000) chunks.push(bytes.subarray(at, at + 30_000))
  return chunks
}

function webStream(chunks: readonly unknown[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk as Uint8Array)
      controller.close()
    },
  })
}

async function* generated(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await sleep(0)
    yield chunk
  }
}

function readableOfBytes(chunks: readonly Uint8Array[]): Readable {
  return Readable.from(chunks, { objectMode: false })
}

/** A body that gives more than a part and then nothing for as long as nobody ends it. */
interface Endless {
  body: UploadBody
  /** Whether it was notified of the end. */
  isOver: () => boolean
}

const ENDLESS: Record<string, () => Endless> = {
  'a Readable'() {
    const body = new Readable({ read: () => undefined })
    for (const chunk of chunksOf(BYTES)) body.push(chunk)
    return { body, isOver: () => body.destroyed }
  },
  'a Readable of objects'() {
    const body = new Readable({ objectMode: true, read: () => undefined })
    for (const chunk of chunksOf(BYTES)) body.push(chunk)
    return { body, isOver: () => body.destroyed }
  },
  'a ReadableStream'() {
    let isCancelled = false
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunksOf(BYTES)) controller.enqueue(chunk)
      },
      cancel() {
        isCancelled = true
      },
    })
    return { body, isOver: () => isCancelled }
  },
  'an iterable'() {
    let isReturned = false
    const chunks = chunksOf(BYTES)
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          const value = chunks.shift()
          return value === undefined ? new Promise(() => undefined) : Promise.resolve({ done: false, value })
        },
        return() {
          isReturned = true
          return Promise.resolve({ done: true, value: undefined })
        },
      }),
    }
    return { body, isOver: () => isReturned }
  },
}

async function contentOf(store: ObjectStore, key: string): Promise<Buffer> {
  return readAll((await store.get(key)).body)
}

async function nothingIsLeft(store: ObjectStore, key: string): Promise<void> {
  assert.equal(await exists(store, key), false)
  assert.deepEqual(await unfinishedUploads(store), [])
}

/** A small part size, so that a body has several. */
async function smallParts(t: TestContext): Promise<{
  store: ObjectStore
  upload: (body: UploadBody, options?: UploadOptions) => ReturnType<ObjectStore['upload']>
  inject: (fault: Parameters<Awaited<ReturnType<typeof emulatedStore>>['emulator']['faults']['inject']>[0]) => void
}> {
  const { store, emulator } = await emulatedStore(t)
  return {
    store,
    upload: (body, options) => store.upload('key', body, { partSize: PART, ...options }),
    inject: (fault) => emulator.faults.inject(fault),
  }
}

describe('store.upload()', () => {
  const bodies: Record<string, () => UploadBody | Promise<UploadBody>> = {
    'a Readable of bytes': () => readableOfBytes(chunksOf(BYTES)),
    'a Readable of objects': () => Readable.from(chunksOf(BYTES)),
    'a ReadableStream': () => webStream(chunksOf(BYTES)),
    'an async iterable': () => generated(chunksOf(BYTES)),
    'an iterable': () => chunksOf(BYTES),
    'an iterable of ArrayBuffers and views': () => [
      Uint8Array.from(BYTES.subarray(0, 1000)).buffer,
      new DataView(BYTES.buffer, BYTES.byteOffset + 1000, 1000),
      BYTES.subarray(2000),
    ],
    'a Blob': () => new Blob(chunksOf(BYTES)),
    'a File': () => new File(chunksOf(BYTES), 'name'),
    'a Buffer': () => BYTES,
    'a Uint8Array': () => new Uint8Array(BYTES),
    'another view': () => new DataView(BYTES.buffer, BYTES.byteOffset, BYTES.byteLength),
    'an ArrayBuffer': () => new Uint8Array(BYTES).buffer,
  }
  for (const [what, make] of Object.entries(bodies)) {
    it(`stores ${what}`, async (t) => {
      const { store, upload } = await smallParts(t)
      const { size, parts, crc64 } = await upload(await make())
      assert.deepEqual({ size, parts }, { size: BYTES.length, parts: 4 })
      assert.equal(Buffer.compare(await contentOf(store, 'key'), BYTES), 0)
      assert.equal((await store.head('key')).crc64, crc64)
    })
  }

  it('stores a string as UTF-8, alone and as chunks', async (t) => {
    const { store } = await emulatedStore(t)
    await store.upload('whole', 'größer ☃')
    await store.upload('chunks', ['größer', ' ', Buffer.from('☃')])
    assert.equal(String(await contentOf(store, 'whole')), 'größer ☃')
    assert.equal(String(await contentOf(store, 'chunks')), 'größer ☃')
  })

  it('stores what is empty as an empty object', async (t) => {
    const { store } = await emulatedStore(t)
    for (const body of [
      '',
      new Uint8Array(0),
      new Blob([]),
      [],
      webStream([]),
      Readable.from([]),
      readableOfBytes([]),
    ]) {
      assert.equal((await store.upload('empty', body)).size, 0)
    }
  })

  it('stores a file of the system as a Blob', async (t) => {
    const { store, upload } = await smallParts(t)
    const file = path.join(await temporaryFolder(t), 'file')
    await writeFile(file, BYTES)
    await upload(await openAsBlob(file, { type: 'application/x-test' }))
    assert.equal(Buffer.compare(await contentOf(store, 'key'), BYTES), 0)
    assert.equal((await store.head('key')).contentType, 'application/x-test')
  })

  it('uses the type of a Blob as content type, unless one is given', async (t) => {
    const { store } = await emulatedStore(t)
    const contentTypeOf = async (body: UploadBody, options?: UploadOptions) => {
      await store.upload('typed', body, options)
      return (await store.head('typed')).contentType
    }
    assert.equal(await contentTypeOf(new Blob(['x'], { type: 'text/plain' })), 'text/plain')
    assert.equal(await contentTypeOf(new Blob(['x'], { type: 'text/plain' }), { contentType: 'text/css' }), 'text/css')
    assert.equal(await contentTypeOf(new Blob(['x'])), 'application/octet-stream')
  })

  it('uses the size of a body that has one, and of no other', async (t) => {
    const { upload } = await smallParts(t)
    const expectedOf = async (body: UploadBody, options?: UploadOptions) => {
      const seen: UploadProgress[] = []
      await upload(body, { ...options, onProgress: (progress) => void seen.push(progress) })
      return seen.at(-1)?.expectedSize
    }
    for (const body of [BYTES, new Blob([BYTES]), BYTES.toString('latin1')]) {
      assert.equal(await expectedOf(body), Buffer.byteLength(body instanceof Blob ? BYTES : body))
    }
    assert.equal(await expectedOf(readableOfBytes([BYTES])), undefined)
    assert.equal(await expectedOf(readableOfBytes([BYTES]), { expectedSize: 500_000 }), 500_000)
  })

  it('lets other work proceed while an iterable never waits', async (t) => {
    const { store } = await emulatedStore(t)
    let isTimerServed = false
    let sawTimer = false
    setTimeout(() => (isTimerServed = true), 1)
    const chunk = Buffer.alloc(1)
    await store.upload('key', {
      *[Symbol.iterator]() {
        for (let i = 0; i < 1_000_000 && !sawTimer; i += 1) {
          sawTimer = isTimerServed
          yield chunk
        }
      },
    })
    assert.equal(sawTimer, true)
  })

  describe('whose source fails', () => {
    const failure = new Error('the disk is gone')
    const failing: Record<string, () => UploadBody> = {
      'a Readable': () => Readable.from(failingGenerator(), { objectMode: false }),
      'a Readable of objects': () => Readable.from(failingGenerator()),
      'a Readable that had failed before'() {
        const body = new Readable({ read: () => undefined })
        body.on('error', () => undefined).destroy(failure)
        return body
      },
      'a ReadableStream'() {
        const chunks = chunksOf(BYTES)
        return new ReadableStream<Uint8Array>({
          pull(controller) {
            const chunk = chunks.shift()
            if (chunk === undefined) controller.error(failure)
            else controller.enqueue(chunk)
          },
        })
      },
      'an async iterable': () => failingGenerator(),
      'an iterable'() {
        return {
          *[Symbol.iterator]() {
            yield* chunksOf(BYTES)
            throw failure
          },
        }
      },
      'an iterable that cannot even begin'() {
        return {
          [Symbol.asyncIterator]() {
            throw failure
          },
        }
      },
    }
    async function* failingGenerator(): AsyncGenerator<Uint8Array> {
      yield* generated(chunksOf(BYTES))
      throw failure
    }
    for (const [what, make] of Object.entries(failing)) {
      it(`rejects with its error when nothing is left behind: ${what}`, async (t) => {
        const { store, upload } = await smallParts(t)
        await assert.rejects(upload(make()), failure)
        await nothingIsLeft(store, 'key')
      })
    }

    for (const objectMode of [false, true]) {
      it(`stores nothing of a Readable${objectMode ? ' of objects' : ''} that closes early`, async (t) => {
        const { store, upload } = await smallParts(t)
        const body = new Readable({ objectMode, read: () => undefined })
        for (const chunk of chunksOf(BYTES)) body.push(chunk)
        const uploading = upload(body)
        setTimeout(() => body.destroy(), 20)
        await assert.rejects(uploading, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
        await nothingIsLeft(store, 'key')
      })
    }

    it('stores nothing of a Blob that gives other bytes than it said', async (t) => {
      const { store, upload } = await smallParts(t)
      for (const size of [BYTES.length - 1, BYTES.length + 1]) {
        const blob = new Blob([BYTES])
        Object.defineProperty(blob, 'size', { value: size })
        await assert.rejects(upload(blob), uploadError('SOURCE_CHANGED', `${size}`, `${BYTES.length}`))
        await nothingIsLeft(store, 'key')
      }
    })
  })

  describe('that fails', () => {
    for (const [what, make] of Object.entries(ENDLESS)) {
      it(`ends ${what} when its signal is aborted`, async (t) => {
        const { store, upload } = await smallParts(t)
        const { body, isOver } = make()
        const giveUp = new AbortController()
        const reason = new Error('too late')
        setTimeout(() => giveUp.abort(reason), 30)
        await assert.rejects(upload(body, { signal: giveUp.signal }), (error: Error) => {
          assert.equal(error.cause, reason)
          return uploadError('ABORTED')(error)
        })
        assert.equal(isOver(), true)
        await nothingIsLeft(store, 'key')
      })

      it(`ends ${what} when its signal was aborted before`, async (t) => {
        const { upload } = await smallParts(t)
        const { body, isOver } = make()
        await assert.rejects(upload(body, { signal: AbortSignal.abort() }), uploadError('ABORTED'))
        assert.equal(isOver(), true)
      })

      it(`ends ${what} when the service refuses`, async (t) => {
        const { store, upload, inject } = await smallParts(t)
        inject({ match: { operation: 'UploadPart' }, action: { type: 'error', status: 403, code: 'AccessDenied' } })
        const { body, isOver } = make()
        await assert.rejects(upload(body), uploadError('ACCESS_DENIED'))
        assert.equal(isOver(), true)
        await nothingIsLeft(store, 'key')
      })

      it(`ends ${what} when an option is wrong`, async (t) => {
        const { upload } = await smallParts(t)
        const { body, isOver } = make()
        await assert.rejects(upload(body, { concurrency: 0 }), invalidOption('concurrency'))
        assert.equal(isOver(), true)
      })

      it(`ends ${what} when onProgress throws`, async (t) => {
        const { store, upload } = await smallParts(t)
        const { body, isOver } = make()
        const failure = new Error('in the callback')
        await assert.rejects(upload(body, { onProgress: () => Promise.reject(failure) }), failure)
        assert.equal(isOver(), true)
        await nothingIsLeft(store, 'key')
      })
    }

    it('waits for what a generator does at its end, when it is between two chunks', async (t) => {
      const { upload, inject } = await smallParts(t)
      inject({ match: { operation: 'UploadPart' }, action: { type: 'error', status: 403, code: 'AccessDenied' } })
      let isCleanedUp = false
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (;;) yield BYTES
        } finally {
          await sleep(20)
          isCleanedUp = true
        }
      }
      await assert.rejects(upload(endless(), { concurrency: 1 }), uploadError('ACCESS_DENIED'))
      assert.equal(isCleanedUp, true)
    })

    it('closes an iterable whose chunk it refuses', async (t) => {
      const { store, upload } = await smallParts(t)
      let isClosed = false
      function* numbers(): Generator<Uint8Array> {
        try {
          yield BYTES
          yield 5 as never
        } finally {
          isClosed = true
        }
      }
      await assert.rejects(upload(numbers()), invalidOption('a chunk of the body ', '(got 5)'))
      assert.equal(isClosed, true)
      await assert.rejects(upload(Readable.from([{ a: 1 }])), invalidOption('a chunk of the body ', '(got { a: 1 })'))
      const likeBytes = [Object.create(Uint8Array.prototype) as Uint8Array]
      await assert.rejects(upload(likeBytes), invalidOption('a chunk of the body '))
      await assert.rejects(upload(webStream([null])), invalidOption('a chunk of the body ', '(got null)'))
      await nothingIsLeft(store, 'key')
    })
  })

  it('refuses an invalid body, and one that was read to its end', async (t) => {
    const { store } = await emulatedStore(t)
    for (const body of [undefined, null, 5, {}, () => undefined, true]) {
      await assert.rejects(store.upload('key', body as never), invalidOption('body must', 'a Readable'))
    }
    const read = readableOfBytes([BYTES])
    await readAll(read)
    const webRead = webStream([BYTES])
    for await (const chunk of webRead) assert.ok(chunk)
    const locked = webStream([BYTES])
    locked.getReader()
    for (const body of [read, webRead, locked]) {
      await assert.rejects(store.upload('key', body), invalidOption('body ', 'has been read to its end'))
    }
    await assert.rejects(store.upload('', 'x'), invalidOption('key'))
    await assert.rejects(store.upload('key', 'x', 5 as never), invalidOption('options'))
    assert.equal(await exists(store, 'key'), false)
  })
})
