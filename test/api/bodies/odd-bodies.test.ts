import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { createRequire } from 'node:module'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import {
  createDownloadStream,
  createUploadStream,
  createUploadTransform,
  ObjectStore,
  type UploadBody,
} from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { PROJECT } from '../../support/project.js'

type Library = typeof import('../../../src/index.js')

const require = createRequire(import.meta.url)
const PART = 102_400

async function stored(store: ObjectStore): Promise<Buffer> {
  const { body } = await store.get('k')
  return readAll(body)
}

describe('chunks whose memory is used again', () => {
  for (const options of [{}, { partSize: PART, concurrency: 2 }]) {
    it(`are copied before the next one of an iterable is requested: ${JSON.stringify(options)}`, async (t) => {
      const { store } = await emulatedStore(t)
      const bytes = someBytes(200 * 65_536 + 5)
      const memory = Buffer.alloc(200_000)
      function* reused(): Generator<Uint8Array> {
        const lengths = [65_536, 65_536, 200_000, 1, 120_000]
        for (let at = 0, i = 0; at < bytes.length; i += 1) {
          const length = Math.min(lengths[i % lengths.length]!, bytes.length - at)
          yield memory.subarray(0, bytes.copy(memory, 0, at, at + length))
          memory.fill(0)
          at += length
        }
      }
      await store.upload('k', reused(), options)
      assert.ok((await stored(store)).equals(bytes))
    })
  }

  it('may be changed in the callback of write()', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(1_000_000)
    const memory = Buffer.alloc(150_000)
    const upload = store.createUploadStream('k', { partSize: PART })
    for (let at = 0; at < bytes.length; at += memory.length) {
      const length = bytes.copy(memory, 0, at, at + memory.length)
      await new Promise<void>((resolve) => upload.write(memory.subarray(0, length), () => resolve()))
      memory.fill(0)
    }
    upload.end()
    await upload.done
    assert.ok((await stored(store)).equals(bytes))
  })

  for (const [what, length] of [
    ['while it is being copied', 200_000],
    ['while it waits', 1_000],
  ] as const) {
    it(`fail the upload when their ArrayBuffer is transferred ${what}`, async (t) => {
      const { store } = await emulatedStore(t)
      const upload = store.createUploadStream('k', { partSize: PART })
      upload.on('error', () => undefined)
      upload.write(someBytes(200_000))
      const chunk = new Uint8Array(length)
      if (length > 100_000) upload.write(new Uint8Array(0))
      upload.write(chunk)
      if (length > 100_000) await new Promise<void>((resolve) => upload.once('drain', resolve)).catch(() => undefined)
      else structuredClone(chunk.buffer, { transfer: [chunk.buffer] })
      if (length > 100_000) {
        const large = new Uint8Array(1_000_000)
        upload.write(large)
        structuredClone(large.buffer, { transfer: [large.buffer] })
      }
      upload.end()
      await assert.rejects(upload.done, uploadError('SOURCE_CHANGED'))
      assert.equal(await exists(store, 'k'), false)
    })
  }
})

describe('the size of a stream', () => {
  const bytes = someBytes(3 * PART)
  for (const [what, options, code] of [
    ['has fewer bytes than size', { size: 3 * PART + 1 }, 'INCOMPLETE'],
    ['has more bytes than size', { size: 3 * PART - 1 }, 'TOO_LARGE'],
    ['has more bytes than maxSize', { maxSize: 3 * PART - 1 }, 'TOO_LARGE'],
    ['is empty but has a size', { size: 1 }, 'INCOMPLETE'],
  ] as const) {
    it(`publishes nothing when it ${what}`, async (t) => {
      const { store } = await emulatedStore(t)
      const body = Readable.from(what.startsWith('is empty') ? [] : [bytes])
      await assert.rejects(store.upload('k', body, { partSize: PART, ...options }), uploadError(code))
      assert.equal(await exists(store, 'k'), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('is published when it is what was said', async (t) => {
    const { store } = await emulatedStore(t)
    const options = { partSize: PART, size: bytes.length, maxSize: bytes.length }
    const { size } = await store.upload('k', Readable.from([bytes]), options)
    assert.equal(size, bytes.length)
    await store.upload('k', Readable.from([]), { size: 0 })
  })
})

/** Streams of other packages, all loaded as they are used: by require(). */
const FOREIGN: Record<string, () => Readable & { write(chunk: unknown): unknown; end(): unknown }> = {
  'readable-stream 2': () => new (require('readable-stream') as { PassThrough: new () => never }).PassThrough(),
  // As a client of the tests brings it.
  'readable-stream 3': () => (createRequire(require.resolve('minio'))('through2') as () => never)(),
  through: () => (require('through') as () => never)(),
  minipass: () => new (require('minipass') as { Minipass: new () => never }).Minipass(),
}

describe('streams of other packages', () => {
  for (const [name, make] of Object.entries(FOREIGN)) {
    it(`are uploaded: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      const stream = make()
      const uploading = store.upload('k', stream as UploadBody)
      stream.write(Buffer.from('one, '))
      stream.write(Buffer.from('two'))
      stream.end()
      await uploading
      assert.equal((await stored(store)).toString(), 'one, two')
    })

    it(`are refused when they are over: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      await store.upload('k', 'what was there')
      const stream = make()
      const ended = once(stream, 'end')
      stream.resume()
      stream.write(Buffer.from('some'))
      stream.end()
      await ended
      await assert.rejects(store.upload('k', stream as UploadBody), invalidOption('body'))
      assert.equal((await stored(store)).toString(), 'what was there')
    })

    it(`are refused when they are destroyed: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      const stream = make()
      stream.on('error', () => undefined)
      stream.destroy()
      await assert.rejects(store.upload('k', stream as UploadBody))
      assert.equal(await exists(store, 'k'), false)
    })

    it(`are refused when others have their beginning: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      const stream = make()
      stream.on('data', () => undefined)
      stream.write(Buffer.from('the beginning, '))
      await sleep(1)
      const uploads = [store.upload('k', stream as UploadBody)]
      // Streams of minipass do not say that they are piped.
      if (name !== 'minipass') {
        const piped = store.createUploadStream('k')
        piped.on('error', () => undefined)
        stream.pipe(piped)
        uploads.push(piped.done)
      }
      stream.write(Buffer.from('the end'))
      stream.end()
      for (const upload of uploads) await assert.rejects(upload, uploadError('INVALID_OPTION', 'being read elsewhere'))
      assert.equal(await exists(store, 'k'), false)
    })

    it(`may be piped: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      const stream = make()
      const upload = store.createUploadStream('k')
      stream.pipe(upload)
      stream.write(Buffer.from('all'))
      stream.end()
      await upload.done
      assert.equal((await stored(store)).toString(), 'all')
    })

    it(`fail the upload when they give what cannot be written: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      const stream =
        name === 'readable-stream 3'
          ? (createRequire(require.resolve('minio'))('through2') as { obj: () => never }).obj()
          : name === 'readable-stream 2'
            ? new (require('readable-stream') as { PassThrough: new (options: object) => never }).PassThrough({
                objectMode: true,
              })
            : name === 'minipass'
              ? new (require('minipass') as { Minipass: new (options: object) => never }).Minipass({ objectMode: true })
              : make()
      const uploading = store.upload('k', stream as UploadBody)
      const given = stream as unknown as { write(chunk: unknown): void; end(): void }
      given.write({ a: 1 })
      given.end()
      await assert.rejects(uploading, invalidOption('a chunk of the body'))
      assert.equal(await exists(store, 'k'), false)
    })
  }

  for (const [name, make] of Object.entries(FOREIGN)) {
    it(`are parts too: ${name}`, async (t) => {
      const { store } = await emulatedStore(t)
      const upload = { key: 'k', uploadId: await store.initiateMultipartUpload('k') }
      const stream = make()
      const sending = store.uploadPart(upload, 1, stream, { length: 10 })
      stream.write(Buffer.from('01234'))
      stream.write(Buffer.from('56789'))
      stream.end()
      assert.equal((await sending).size, 10)
      const wrong = make()
      const refused = store.uploadPart(upload, 2, wrong, { length: 3 })
      wrong.write(Buffer.from('0123456789'))
      await assert.rejects(refused, invalidOption('length'))
    })
  }

  it('settle also where the error of their source, or a chunk, cannot be read', async (t) => {
    const { store } = await emulatedStore(t)
    const transferredBytes = (): Uint8Array<ArrayBuffer> => {
      const bytes = new Uint8Array(10)
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
      return bytes
    }
    const { buffer } = transferredBytes()
    for (const chunk of [transferredBytes(), buffer]) {
      const uploading = store.upload('k', [Buffer.from('a'), chunk])
      await assert.rejects(uploading, uploadError('SOURCE_CHANGED', 'was transferred'))
    }
    function* failing(): Generator<Buffer> {
      yield Buffer.from('a')
      throw Object.defineProperty(new Error('x'), 'message', { get: () => assert.fail() })
    }
    await assert.rejects(store.upload('k', failing()), /cannot be read/)
  })

  it('need no destroy()', async (t) => {
    const { store } = await emulatedStore(t)
    const legacy = () =>
      Object.assign(new EventEmitter(), { readable: true, pipe: () => undefined, pause() {}, resume() {} })
    const stream = legacy()
    const uploading = store.upload('k', stream as unknown as UploadBody)
    stream.emit('data', 7)
    await assert.rejects(uploading, invalidOption('a chunk of the body'))
    const cancel = new AbortController()
    const waiting = store.upload('k', legacy() as unknown as UploadBody, { signal: cancel.signal })
    await sleep(1)
    cancel.abort()
    await assert.rejects(waiting, uploadError('ABORTED'))
    // Another event-loop turn, in which an error without a listener would end the process.
    await sleep(1)
  })
})

describe('a source that is over, or read elsewhere', () => {
  it('is refused when others have its beginning', async (t) => {
    const { store } = await emulatedStore(t)
    const isRefused = async (stream: PassThrough): Promise<void> => {
      const uploading = store.upload('k', stream)
      stream.end('the end')
      await assert.rejects(uploading, invalidOption('body', 'being read elsewhere'))
    }
    const flowing = new PassThrough()
    flowing.on('data', () => undefined)
    flowing.write('the beginning, ')
    await sleep(1)
    await isRefused(flowing)
    const awaited = new PassThrough()
    awaited.on('readable', () => void awaited.read())
    awaited.write('the beginning, ')
    await sleep(1)
    await isRefused(awaited)
    assert.equal(await exists(store, 'k'), false)
  })

  it('may be read by others from the same moment on', async (t) => {
    const { store } = await emulatedStore(t)
    const stream = Readable.from([Buffer.from('all')], { objectMode: false })
    stream.pipe(new PassThrough()).resume()
    await store.upload('k', stream)
    assert.equal((await stored(store)).toString(), 'all')
  })

  for (const how of ['pipe', 'pipeline', 'upload'] as const) {
    it(`is refused by ${how}() when it has been read, and not when it is empty`, async (t) => {
      const { store } = await emulatedStore(t)
      const send = (source: Readable): Promise<unknown> => {
        if (how === 'upload') return store.upload('k', source)
        const upload = store.createUploadStream('k')
        upload.on('error', () => undefined)
        if (how === 'pipe') source.pipe(upload)
        else pipeline(source, upload).catch(() => undefined)
        return upload.done
      }
      const read = Readable.from(['a'])
      await readAll(read.setEncoding('utf8').map((text: string) => Buffer.from(text)))
      await assert.rejects(send(read), uploadError('INVALID_OPTION'))
      const iterated = new PassThrough()
      iterated.end('a')
      for await (const chunk of iterated) assert.equal(String(chunk), 'a')
      await assert.rejects(send(iterated), uploadError('INVALID_OPTION'))
      for (const objectMode of [false, true]) {
        const readByHand = new PassThrough({ objectMode })
        readByHand.end('a')
        await sleep(1)
        assert.equal(String(readByHand.read()), 'a')
        await once(readByHand, 'end')
        await assert.rejects(send(readByHand), uploadError('INVALID_OPTION'))
      }
      assert.equal(await exists(store, 'k'), false)
      await send(Readable.from([]))
      assert.equal((await stored(store)).length, 0)
      const empty = new PassThrough()
      empty.end()
      await send(empty)
      // A parser has seen its end already, as body parsers do of a request with `content-length: 0`.
      await store.delete('k')
      const parsed = new PassThrough()
      parsed.end()
      await readAll(parsed)
      await send(parsed)
      assert.equal((await stored(store)).length, 0)
    })
  }

  it('does not end the process by its own error after a refusal', async (t) => {
    const { store } = await emulatedStore(t)
    const unhandled: unknown[] = []
    const onError = (error: unknown): void => void unhandled.push(error)
    process.on('uncaughtException', onError)
    t.after(() => process.off('uncaughtException', onError))
    const source = new Readable({ read: () => undefined })
    await assert.rejects(store.upload('k', source, { partSize: 1 }), invalidOption('partSize'))
    source.emit('error', new Error('ENOENT'))
    const consumed = new Readable({ read: () => undefined, objectMode: true })
    await assert.rejects(store.upload('k', consumed, { concurrency: 0 }), invalidOption('concurrency'))
    consumed.emit('error', new Error('late'))
    await sleep(0)
    assert.deepEqual(unhandled, [])
  })

  for (const objectMode of [false, true]) {
    it(`is not published when it says in the end that it was aborted, ${objectMode ? 'of objects' : 'of bytes'}`, async (t) => {
      const { store } = await emulatedStore(t)
      const source = Object.assign(Readable.from([Buffer.from('some')], { objectMode }), { aborted: false })
      source.once('end', () => (source.aborted = true))
      await assert.rejects(store.upload('k', source), uploadError('SOURCE_CHANGED'))
      assert.equal(await exists(store, 'k'), false)
    })
  }

  for (const how of ['upload()', 'pipe()'] as const) {
    it(`is not published when its HTTP/2 request is cancelled: ${how}`, async (t) => {
      const { store } = await emulatedStore(t)
      let outcome: Promise<unknown> = Promise.resolve()
      const server = http2.createServer((request, response) => {
        request.on('error', () => undefined)
        response.on('error', () => undefined)
        const upload =
          how === 'pipe()' ? request.pipe(store.createUploadStream('k')).on('error', () => undefined) : undefined
        outcome = (upload?.done ?? store.upload('k', request)).then(
          () => 'stored',
          (error: unknown) => error,
        )
      })
      await new Promise<void>((resolve) => server.listen(0, resolve))
      t.after(() => server.close())
      const client = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
      t.after(() => client.destroy())
      const request = client.request({ ':method': 'POST' })
      request.on('error', () => undefined)
      const arrived = once(server, 'stream')
      request.write(someBytes(5000))
      await arrived
      request.close(http2.constants.NGHTTP2_CANCEL)
      await once(request, 'close')
      assert.match(String(await outcome), /cancelled|Premature close|aborted/i)
      assert.equal(await exists(store, 'k'), false)
    })
  }
})

describe('iterables', () => {
  it('may be lists of promises', async (t) => {
    const { store } = await emulatedStore(t)
    const list = [Promise.resolve('one, '), Promise.resolve('two')]
    await store.upload('k', list as unknown as UploadBody)
    assert.equal((await stored(store)).toString(), 'one, two')
    const failing = [Promise.resolve('one, '), Promise.reject(new Error('no second'))]
    await assert.rejects(store.upload('k', failing as unknown as UploadBody), /no second/)
  })

  it('do not keep a failed upload from settling when their return() never does', async (t) => {
    const { store } = await emulatedStore(t)
    const body = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false, value: 7 }),
        return: () => new Promise(() => undefined),
      }),
    }
    await assert.rejects(store.upload('k', body as unknown as UploadBody), invalidOption('a chunk of the body'))
  })
})

describe('values of another realm or another copy', () => {
  it('are taken for what they are', async (t) => {
    const { store } = await emulatedStore(t)
    const foreign = (code: string): never => runInNewContext(code) as never
    await store.upload('k', foreign('new Uint8Array([97, 98]).buffer'))
    assert.equal((await stored(store)).toString(), 'ab')
    await store.upload('k', foreign('[new Uint8Array([97]).buffer, new Uint8Array([98])]'))
    assert.equal((await stored(store)).toString(), 'ab')
    const stale = await store.abortStaleUploads({ before: foreign('new Date()') })
    assert.deepEqual(stale.aborted, [])
    const error: Error = foreign('new TypeError("of another realm")')
    const failing = new Readable({ read: (): void => void failing.destroy(error) })
    await assert.rejects(store.upload('k', failing), (thrown) => thrown === error)
  })

  it('may be a signal that is none of this realm', async (t) => {
    const { store } = await emulatedStore(t)
    const listeners: (() => void)[] = []
    const signal = {
      aborted: false,
      addEventListener: (_event: string, listener: () => void) => listeners.push(listener),
      removeEventListener: () => undefined,
    }
    const uploading = store.upload('k', new Readable({ read: () => undefined }), { signal: signal as never })
    signal.aborted = true
    for (const listener of listeners) listener()
    await assert.rejects(uploading, uploadError('ABORTED'))
    await assert.rejects(store.head('k', { signal: signal as never }), uploadError('ABORTED'))
    assert.throws(() => store.createUploadStream('k', { signal: 7 as never }), invalidOption('signal'))
  })

  it('may be a store of another copy of the package', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const { openStore } = (await import(pathToFileURL(path.join(PROJECT, 'dist/index.js')).href)) as Library
    const { endpoint, region, credentials } = emulator
    const copy = openStore({ bucket: store.bucket, region, endpoint, credentials })
    t.after(() => copy.close())
    assert.equal(copy instanceof ObjectStore, false)
    const upload = createUploadStream('k', { store: copy })
    upload.end('ab')
    await upload.done
    const transform = createUploadTransform('l', { store: copy })
    transform.end('cd')
    transform.resume()
    await transform.done
    assert.equal((await readAll(createDownloadStream('k', { store: copy }))).toString(), 'ab')
    await assert.rejects(store.upload('m', 'ef', { concurrency: 0 }), { name: 'UploadError', code: 'INVALID_OPTION' })
  })

  it('is refused where it is a store of an older copy that has no such call', async (t) => {
    const { store } = await emulatedStore(t)
    const older = {
      provider: store.provider,
      bucket: store.bucket,
      createUploadStream: store.createUploadStream.bind(store),
    } as unknown as ObjectStore
    const upload = createUploadStream('k', { store: older })
    upload.end('ab')
    await upload.done
    for (const create of [createUploadTransform, createDownloadStream]) {
      assert.throws(() => create('k', { store: older }), invalidOption('store must', `with ${create.name}()`))
    }
  })
})

describe('a thrown value that is not an Error', () => {
  for (const value of ['text', 42, { a: 1 }]) {
    it(`fails the upload, to which something is attached: ${JSON.stringify(value)}`, async (t) => {
      const { store, emulator } = await emulatedStore(t, {
        store: { retry: { maxAttempts: 2, baseDelayMs: 1, maxDelayMs: 1 } },
      })
      const action = { type: 'error', status: 500, commit: false, code: 'InternalError' } as const
      emulator.faults.inject({ match: { operation: 'AbortMultipartUpload' }, times: Infinity, action })
      const upload = store.createUploadStream('k', { partSize: PART })
      upload.on('error', () => undefined)
      const closed = new Promise<void>((resolve) => upload.once('close', () => resolve()))
      upload.write(someBytes(3 * PART))
      await once(upload, 'part')
      upload.destroy(value as never)
      await assert.rejects(upload.done, (error) => {
        assert.match(String(error), /a value that is not an Error was thrown/)
        assert.equal(typeof (error as { uploadId?: unknown }).uploadId, 'string')
        return true
      })
      await closed
    })
  }

  it('says that the outcome is unknown when the caller fails between verified and finish', async (t) => {
    const { store } = await emulatedStore(t)
    const upload = store.createUploadStream('k', {
      onProgress: ({ partsDone }) => {
        if (partsDone === 1) upload.destroy(new Error('mine'))
      },
    })
    upload.on('error', () => undefined)
    upload.end('ab')
    await assert.rejects(upload.done, (error) => (error as { outcomeUnknown?: boolean }).outcomeUnknown === true)
  })
})
