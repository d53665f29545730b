/** The bodies of low-level parts: which are accepted, and what happens to an invalid source. */
import assert from 'node:assert/strict'
import { createReadStream, openAsBlob } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import type { ObjectStore, OssStoreOptions, PartBody, UploadAddress } from '../../../src/index.js'
import { MiB } from '../../../src/shared/byte-size.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { until } from '../../support/until.js'

const bytes = someBytes(250_000)

async function begin(t: TestContext, store: OssStoreOptions = {}) {
  const emulated = await emulatedStore(t, { store })
  const address = { key: 'k', uploadId: await emulated.store.initiateMultipartUpload('k') }
  const partsSent = () => emulated.emulator.requests.filter(({ operation }) => operation === 'UploadPart').length
  return { ...emulated, address, partsSent }
}

async function storedAs(store: ObjectStore, address: UploadAddress, body: PartBody, length?: number) {
  const part = await store.uploadPart(address, 1, body, { length })
  await store.completeMultipartUpload(address, [part])
  return { part, content: await readAll((await store.get(address.key)).body) }
}

async function* inChunks(chunks: Iterable<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
  for (const chunk of chunks) {
    await nextTurn()
    yield chunk
  }
}

const halves = [bytes.subarray(0, 100_001), bytes.subarray(100_001)]

describe('a low-level part', () => {
  const bodies: [what: string, body: (file: string) => PartBody | Promise<PartBody>, needsLength: boolean][] = [
    ['a Buffer', () => bytes, false],
    ['a Uint8Array', () => new Uint8Array(bytes), false],
    ['a Blob', () => new Blob(halves), false],
    ['a range of a file', (file) => ({ path: file, start: 10, end: 9 + bytes.length }), false],
    ['a slice of a Blob', () => new Blob(['before', bytes, 'after']).slice(6, 6 + bytes.length), false],
    ['a slice of a file', async (file) => (await openAsBlob(file)).slice(10, 10 + bytes.length), false],
    ['a stream of a file', (file) => createReadStream(file, { start: 10, end: 9 + bytes.length }), true],
    ['a Readable', () => Readable.from(halves, { objectMode: false }), true],
    ['a Readable that was ended before', () => new PassThrough({ highWaterMark: MiB }).end(bytes), true],
    ['a ReadableStream', () => new Blob(halves).stream(), true],
    ['an async iterable', () => inChunks(halves), true],
  ]
  for (const [what, bodyOf, needsLength] of bodies) {
    it(`is made of ${what}`, async (t) => {
      const { store, address } = await begin(t)
      const file = path.join(await temporaryFolder(t), 'file')
      await writeFile(file, Buffer.concat([Buffer.alloc(10), bytes, Buffer.alloc(10)]))
      const { part, content } = await storedAs(
        store,
        address,
        await bodyOf(file),
        needsLength ? bytes.length : undefined,
      )
      assert.ok(content.equals(bytes))
      assert.equal(part.size, bytes.length)
      assert.equal(part.crc64, (await store.head('k')).crc64)
    })
  }

  it('may be text, whose length is in bytes', async (t) => {
    const { store, address } = await begin(t)
    const { content } = await storedAs(store, address, inChunks(['grün', '', ' 🗄️']), 13)
    assert.equal(content.toString(), 'grün 🗄️')
  })

  it('may be empty', async (t) => {
    const { store, address } = await begin(t)
    for (const body of [new Uint8Array(0), new Blob([]), inChunks([]), Readable.from([])]) {
      const { size, crc64 } = await store.uploadPart(address, 1, body, { length: 0 })
      assert.deepEqual({ size, crc64 }, { size: 0, crc64: '0' })
    }
  })

  it('is the same however its stream is cut', async (t) => {
    const { store, address } = await begin(t)
    const whole = await store.uploadPart(address, 1, bytes)
    const cuts = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(cuts, async (unsorted) => {
        const ends = [...unsorted.sort((a, b) => a - b), bytes.length]
        const chunks = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
        const part = await store.uploadPart(address, 2, inChunks(chunks), { length: bytes.length })
        assert.deepEqual({ ...part, partNumber: 1 }, whole)
      }),
      { numRuns: 25 },
    )
  })

  it('is sent again from memory when the connection breaks, though its stream is gone', async (t) => {
    const { emulator, store, address, partsSent } = await begin(t)
    emulator.faults.inject({ match: { operation: 'UploadPart' }, times: 2, action: { type: 'reset', at: 'body' } })
    const { content } = await storedAs(store, address, Readable.from(halves), bytes.length)
    assert.ok(content.equals(bytes))
    assert.ok(partsSent() >= 3)
  })

  it('is sent again when it arrived damaged', async (t) => {
    const { emulator, store, address } = await begin(t)
    emulator.faults.inject({ match: { operation: 'UploadPart' }, action: { type: 'wrong-checksum' } })
    assert.ok((await storedAs(store, address, new Blob(halves))).content.equals(bytes))
  })

  it('waits for memory of the store, and reads nothing from its source until then', async (t) => {
    const { store, address } = await begin(t, { maxMemory: MiB })
    const length = 400_000
    const begun: number[] = []
    let open: () => void = () => undefined
    const gate = new Promise<void>((resolve) => (open = resolve))
    const parts = [1, 2, 3].map((number) => {
      async function* source() {
        begun.push(number)
        await gate
        yield someBytes(length, number)
      }
      return store.uploadPart(address, number, source(), { length })
    })
    await until(() => begun.length === 2)
    for (let turn = 0; turn < 10; turn += 1) await nextTurn()
    assert.deepEqual(begun, [1, 2])
    open()
    await Promise.all(parts)
    assert.deepEqual(begun, [1, 2, 3])
  })

  it('gives its memory back when it fails', async (t) => {
    const { store, address } = await begin(t, { maxMemory: MiB })
    for (let round = 0; round < 5; round += 1) {
      await assert.rejects(store.uploadPart(address, 1, inChunks(['x']), { length: MiB }), invalidOption('length'))
    }
    const part = await store.uploadPart(address, 1, inChunks([someBytes(MiB)]), { length: MiB })
    assert.equal(part.size, MiB)
  })
})

/** A source that gives something and then nothing more, not even its end. */
const silent: [what: string, make: () => PartBody & { isGone?: () => boolean }][] = [
  [
    'Readable',
    () => {
      const stream = new PassThrough()
      stream.write('some')
      return Object.assign(stream, { isGone: () => stream.destroyed })
    },
  ],
  [
    'ReadableStream',
    () => {
      let cancelled = false
      const stream = new ReadableStream<string>({
        start: (controller) => controller.enqueue('some'),
        cancel: () => {
          cancelled = true
        },
      })
      return Object.assign(stream, { isGone: () => cancelled })
    },
  ],
  [
    'async generator',
    () =>
      (async function* () {
        yield 'some'
        await new Promise(() => undefined)
      })(),
  ],
]

describe('the source of a part', () => {
  for (const [what, chunks, has] of [
    ['shorter', ['12345', '6789'], 'the body, which has 9 bytes'],
    ['longer', ['12345', '678901'], 'the body, which has 11 or more bytes'],
  ] as const) {
    it(`that is ${what} than its length is refused, and nothing is sent`, async (t) => {
      const { store, address, partsSent } = await begin(t)
      for (const body of [inChunks(chunks), Readable.from(chunks), new Blob([...chunks]).stream()]) {
        const sent = store.uploadPart(address, 1, body, { length: 10 })
        await assert.rejects(sent, invalidOption('length ', '(got 10)', has, 'nothing was sent'))
        if (body instanceof Readable) assert.equal(body.destroyed, true)
      }
      assert.equal(partsSent(), 0)
    })
  }

  it('that never ends is left as soon as it is too long', async (t) => {
    const { store, address } = await begin(t)
    let left = false
    async function* endless() {
      try {
        for (;;) {
          await nextTurn()
          yield someBytes(1000)
        }
      } finally {
        left = true
      }
    }
    await assert.rejects(
      store.uploadPart(address, 1, endless(), { length: 10_000 }),
      invalidOption('length ', '(got 10000)'),
    )
    await until(() => left)
  })

  it('requires a length if it has none, and is destroyed without it', async (t) => {
    const { store, address, partsSent } = await begin(t)
    const stream = Readable.from([bytes])
    await assert.rejects(store.uploadPart(address, 1, stream), invalidOption('length ', '(got undefined)', 'in bytes'))
    assert.equal(stream.destroyed, true)
    for (const body of [bytes, new Blob([bytes])]) {
      await assert.rejects(store.uploadPart(address, 1, body, { length: 9 }), invalidOption('length ', '(got 9)'))
    }
    assert.equal(partsSent(), 0)
  })

  it('must fit in the memory of the store', async (t) => {
    const { store, address } = await begin(t, { maxMemory: MiB })
    const refused = invalidOption('length ', '(got 1048577)', 'from 0 to 1,048,576')
    await assert.rejects(store.uploadPart(address, 1, new Blob([Buffer.alloc(MiB + 1)])), refused)
    await assert.rejects(store.uploadPart(address, 1, Readable.from([]), { length: MiB + 1 }), refused)
  })

  it('is refused where it is none', async (t) => {
    const { store, address } = await begin(t)
    for (const body of ['text', 5, null, undefined, [bytes], {}]) {
      await assert.rejects(store.uploadPart(address, 1, body as PartBody, { length: 1 }), invalidOption('body must'))
    }
    const locked = new Blob(['x']).stream()
    locked.getReader()
    await assert.rejects(store.uploadPart(address, 1, locked, { length: 1 }), invalidOption('read elsewhere'))
    const objects = Readable.from([{ not: 'bytes' }])
    await assert.rejects(store.uploadPart(address, 1, objects, { length: 1 }), invalidOption('a chunk of the body'))
    assert.equal(objects.destroyed, true)
  })

  it('that is a file which cannot be read names it', async (t) => {
    const { store, address, partsSent } = await begin(t)
    const file = path.join(await temporaryFolder(t), 'nowhere')
    const refused = uploadError('FILE_FAILED', `${JSON.stringify(file)} cannot be read: ENOENT`)
    await assert.rejects(store.uploadPart(address, 1, { path: file, start: 0, end: 9 }), refused)
    assert.equal(partsSent(), 0)
  })

  it('that fails does so with its own error, before or after it was handed over', async (t) => {
    const { store, address, partsSent } = await begin(t)
    const failure = new Error('the disk is gone')
    const failed = new PassThrough()
    failed.on('error', () => undefined).destroy(failure)
    const failing = new Readable({
      read() {
        this.push('some')
        this.destroy(failure)
      },
    })
    async function* throwing() {
      yield await Promise.resolve('some')
      throw failure
    }
    for (const body of [failed, failing, throwing()]) {
      await assert.rejects(store.uploadPart(address, 1, body, { length: 10 }), failure)
    }
    const closed = new PassThrough()
    const sent = store.uploadPart(address, 1, closed, { length: 10 })
    closed.write('some')
    closed.destroy()
    await assert.rejects(sent, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    assert.equal(partsSent(), 0)
  })

  it('may fail while its part waits for memory', async (t) => {
    const { store, address } = await begin(t, { maxMemory: MiB })
    const first = new PassThrough()
    const holding = store.uploadPart(address, 1, first, { length: MiB })
    const second = new PassThrough()
    const waiting = store.uploadPart(address, 2, second, { length: MiB })
    const failure = new Error('too late')
    second.destroy(failure)
    await nextTurn()
    first.end(someBytes(MiB))
    await holding
    await assert.rejects(waiting, failure)
  })

  for (const [what, make] of silent) {
    it(`that is a silent ${what} is closed by the signal`, async (t) => {
      const { store, address, partsSent } = await begin(t)
      const controller = new AbortController()
      const body = make()
      const sent = store.uploadPart(address, 3, body, { length: 10, signal: controller.signal })
      await nextTurn()
      const reason = new Error('no longer wanted')
      controller.abort(reason)
      await assert.rejects(sent, (error) => {
        uploadError('ABORTED', 'part 3 for "k"')(error)
        assert.equal((error as Error).cause, reason)
        return true
      })
      if (body.isGone !== undefined) assert.equal(body.isGone(), true)
      assert.equal(partsSent(), 0)
    })
  }

  it('that yields nothing, without ever waiting, blocks no other work', async (t) => {
    const { store, address } = await begin(t)
    const nothing = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: false as const, value: '' }) }),
    }
    const controller = new AbortController()
    const sent = store.uploadPart(address, 1, nothing, { length: 10, signal: controller.signal })
    setImmediate(() => controller.abort())
    await assert.rejects(sent, uploadError('ABORTED'))
  })

  it('is let go by the signal while its part waits for memory, and by one that was aborted before', async (t) => {
    const { store, address } = await begin(t, { maxMemory: MiB })
    const holding = new PassThrough()
    const held = store.uploadPart(address, 1, holding, { length: MiB })
    const controller = new AbortController()
    const waiting = new PassThrough()
    const sent = store.uploadPart(address, 2, waiting, { length: MiB, signal: controller.signal })
    controller.abort()
    await assert.rejects(sent, uploadError('ABORTED'))
    const late = new PassThrough()
    const refused = store.uploadPart(address, 2, late, { length: MiB, signal: AbortSignal.abort() })
    await assert.rejects(refused, uploadError('ABORTED'))
    assert.deepEqual([waiting.destroyed, late.destroyed], [true, true])
    holding.end(someBytes(MiB))
    await held
  })

  it('is destroyed when the service refuses the part', async (t) => {
    const { store } = await begin(t)
    const stream = Readable.from(halves)
    const sent = store.uploadPart({ key: 'k', uploadId: 'unknown' }, 1, stream, { length: bytes.length })
    await assert.rejects(sent, uploadError('NO_SUCH_UPLOAD'))
    assert.equal(stream.destroyed, true)
  })
})
