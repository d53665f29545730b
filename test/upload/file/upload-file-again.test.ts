import assert from 'node:assert/strict'
import { appendFile, open, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../../src/emulator/index.js'
import type { FileUploadOptions, ObjectStore, ResumedUpload, RestartNotice, UploadResult } from '../../../src/index.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { MemoryCheckpoint } from '../../support/memory-checkpoint.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const PART = 102_400
const BYTES = someBytes(9 * PART + 7)

interface Place {
  emulator: Emulator
  store: ObjectStore
  folder: string
  file: string
  checkpoint: MemoryCheckpoint
  run: (options?: FileUploadOptions) => Promise<UploadResult>
  /** Ends a run once so many parts are acknowledged and recorded. */
  interrupt: (parts: number, options?: FileUploadOptions) => Promise<void>
  reported: { resumed: ResumedUpload[]; restarted: RestartNotice[] }
  /** The numbers of the parts sent since the last call. */
  sent: () => number[]
}

async function place(t: TestContext, bytes: Uint8Array = BYTES): Promise<Place> {
  const { emulator, store } = await emulatedStore(t)
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'file')
  await writeFile(file, bytes)
  const checkpoint = new MemoryCheckpoint()
  const reported: Place['reported'] = { resumed: [], restarted: [] }
  const run = (options: FileUploadOptions = {}) =>
    store.uploadFile('key', file, {
      partSize: PART,
      checkpoint,
      onResumed: (upload) => void reported.resumed.push(upload),
      onRestarted: (notice) => void reported.restarted.push(notice),
      ...options,
    })
  const interrupt = async (parts: number, options: FileUploadOptions = {}) => {
    const giveUp = new AbortController()
    const uploading = run({
      concurrency: 1,
      signal: giveUp.signal,
      onCheckpoint(notice) {
        if (notice.parts >= parts) giveUp.abort()
      },
      ...options,
    })
    await assert.rejects(uploading, uploadError('ABORTED'))
    assert.equal(await exists(store, 'key'), false)
  }
  let seen = 0
  const sent = () => {
    const numbers = emulator.requests
      .slice(seen)
      .filter(({ operation, status }) => operation === 'UploadPart' && status === 200)
      .map(({ query }) => Number(query['partNumber']))
      .sort((a, b) => a - b)
    seen = emulator.requests.length
    return numbers
  }
  return { emulator, store, folder, file, checkpoint, run, interrupt, reported, sent }
}

async function isStored({ store }: Place, bytes: Uint8Array): Promise<void> {
  assert.equal(Buffer.compare(await readAll((await store.get('key')).body), bytes), 0)
  assert.deepEqual(await unfinishedUploads(store), [])
}

async function overwrite(file: string, at: number, keepTime = false): Promise<Buffer> {
  const { atime, mtime } = await stat(file)
  const handle = await open(file, 'r+')
  await handle.write('changed', at)
  await handle.close()
  if (keepTime) await utimes(file, atime, mtime)
  return readFile(file)
}

describe('store.uploadFile(), made again', () => {
  it('sends only what is missing, and leaves no checkpoint', async (t) => {
    const there = await place(t)
    await there.interrupt(4)
    const before = there.sent()
    const { parts, resumed, crc64 } = await there.run()
    const after = there.sent()
    assert.equal(parts, 10)
    assert.ok(resumed!.parts >= 4)
    assert.deepEqual(
      after.filter((part) => before.includes(part)),
      [],
    )
    assert.equal(before.length + after.length, 10)
    assert.equal(there.reported.resumed[0]?.parts, resumed?.parts)
    assert.equal((await there.store.head('key')).crc64, crc64)
    assert.equal(there.checkpoint.text, undefined)
    await isStored(there, BYTES)
  })

  it('reports from the start what is stored, and which parts were', async (t) => {
    const there = await place(t)
    await there.interrupt(5)
    const again: boolean[] = []
    let last: { resumed: number; sent: number; fraction?: number } | undefined
    await there.run({
      onPart: ({ resumed = false }) => void again.push(resumed),
      onProgress: (progress) => void (last = progress),
    })
    const { length } = again.filter((isResumed) => isResumed)
    assert.ok(length >= 5 && length < 10)
    assert.deepEqual([last?.resumed, last?.fraction], [length * PART, 1])
    assert.equal(last?.sent, BYTES.length - length * PART)
  })

  it('sends a part that was changed, and no other', async (t) => {
    for (const keepTime of [false, true]) {
      const there = await place(t)
      await there.interrupt(6)
      const before = there.sent()
      const bytes = await overwrite(there.file, 2 * PART + 5, keepTime)
      await there.run()
      const missing = Array.from({ length: 10 }, (_, index) => index + 1).filter((part) => !before.includes(part))
      assert.deepEqual(there.sent(), [3, ...missing])
      await isStored(there, bytes)
    }
  })

  it('sends the end of a file that has grown or shrunk', async (t) => {
    for (const change of [
      (file: string) => appendFile(file, someBytes(2 * PART, 9)),
      (file: string) => truncate(file, 7 * PART + 1),
    ]) {
      const there = await place(t)
      // All parts are acknowledged, and nothing is published.
      there.emulator.faults.inject({
        match: { operation: 'CompleteMultipartUpload' },
        action: { type: 'error', status: 403, code: 'AccessDenied' },
      })
      await assert.rejects(there.run(), uploadError('ACCESS_DENIED'))
      assert.equal(there.sent().length, 10)
      await change(there.file)
      const bytes = await readFile(there.file)
      const { parts } = await there.run()
      assert.equal(parts, Math.ceil(bytes.length / PART))
      assert.deepEqual(there.sent(), bytes.length > BYTES.length ? [10, 11, 12] : [8])
      await isStored(there, bytes)
    }
  })

  it('sends what now fits in one part in one request, and aborts the multipart upload', async (t) => {
    const there = await place(t)
    await there.interrupt(2)
    await truncate(there.file, 100)
    assert.equal((await there.run()).parts, 1)
    assert.equal(there.checkpoint.text, undefined)
    await isStored(there, BYTES.subarray(0, 100))
  })

  describe('without comparing the content', () => {
    it('reads and sends only what is missing', async (t) => {
      const there = await place(t)
      await there.interrupt(4)
      const before = there.sent()
      let received: number | undefined
      const { resumed } = await there.run({
        checkContent: false,
        onProgress: (progress) => void (received = progress.received),
      })
      assert.equal(received, BYTES.length - resumed!.bytes)
      assert.equal(before.length + there.sent().length, 10)
      await isStored(there, BYTES)
    })

    it('starts over when the time of change is another one', async (t) => {
      const there = await place(t)
      await there.interrupt(4)
      there.sent()
      const bytes = await overwrite(there.file, 5)
      await there.run({ checkContent: false })
      assert.deepEqual(
        there.reported.restarted.map(({ reason }) => reason),
        ['file-changed'],
      )
      assert.equal(there.sent().length, 10)
      await isStored(there, bytes)
    })
  })

  it('starts over when the upload is gone', async (t) => {
    const there = await place(t)
    await there.interrupt(4)
    there.sent()
    const uploadId = there.checkpoint.record!.uploadId
    await there.store.abortMultipartUpload({ key: 'key', uploadId })
    await there.run()
    assert.deepEqual(
      there.reported.restarted.map(({ reason }) => reason),
      ['upload-gone'],
    )
    assert.equal(there.sent().length, 10)
    await isStored(there, BYTES)
  })

  describe('after a crash between the publication and the news of it', () => {
    /** What a process that died there leaves. */
    async function published(t: TestContext): Promise<Place> {
      const there = await place(t)
      let text: string | undefined
      await there.run({
        onCheckpoint: (notice) => {
          if (notice.parts === 10) text = there.checkpoint.text
        },
      })
      there.checkpoint.text = text
      there.sent()
      return there
    }

    it('finds the object, and sends nothing', async (t) => {
      for (const checkContent of [true, false]) {
        const there = await published(t)
        const { size, parts, crc64, etag, resumed } = await there.run({ checkContent })
        const head = await there.store.head('key')
        assert.deepEqual(
          { size, parts, crc64, etag },
          { size: BYTES.length, parts: 10, crc64: head.crc64, etag: head.etag },
        )
        assert.deepEqual(resumed, { parts: 10, bytes: BYTES.length })
        assert.deepEqual(there.sent(), [])
        assert.deepEqual(there.reported.restarted, [])
        assert.equal(there.checkpoint.text, undefined)
      }
    })

    it('sends everything when the file, or the object, is another one now', async (t) => {
      for (const change of [
        (there: Place) => overwrite(there.file, 3 * PART),
        (there: Place) => there.store.upload('key', 'another one'),
        (there: Place) => there.store.delete('key'),
      ]) {
        const there = await published(t)
        await change(there)
        await there.run()
        assert.equal(there.sent().length, 10)
        assert.deepEqual(
          there.reported.restarted.map(({ reason }) => reason),
          ['upload-gone'],
        )
        await isStored(there, await readFile(there.file))
      }
    })
  })

  it('leaves nothing behind on failure without a checkpoint', async (t) => {
    const there = await place(t)
    await assert.rejects(there.run({ checkpoint: false, onPart: () => Promise.reject(new Error('no')) }), {
      message: 'no',
    })
    assert.deepEqual(await unfinishedUploads(there.store), [])
  })

  it('keeps what was sent of a file that changed meanwhile, and publishes nothing of it', async (t) => {
    const there = await place(t)
    let isChanged = false
    const uploading = there.run({
      concurrency: 1,
      async onPart() {
        if (!isChanged) await overwrite(there.file, 8 * PART)
        isChanged = true
      },
    })
    await assert.rejects(uploading, uploadError('SOURCE_CHANGED'))
    assert.equal(await exists(there.store, 'key'), false)
    there.sent()
    await there.run()
    assert.deepEqual(there.sent(), [])
    await isStored(there, await readFile(there.file))
  })

  it('refuses a checkpoint that is none', async (t) => {
    const there = await place(t)
    for (const checkpoint of [5, null, {}, '', { read() {} }]) {
      await assert.rejects(there.run({ checkpoint: checkpoint as never }), invalidOption('checkpoint'))
    }
    await assert.rejects(there.run({ checkContent: 1 as never }), invalidOption('checkContent ', '(got 1)'))
    await assert.rejects(there.run({ onRetry: 1 as never }), invalidOption('onRetry ', '(got 1)'))
  })
})

describe('the default checkpoint of a file', () => {
  function stateFolder(t: TestContext, folder: string): string {
    const before = process.env['XDG_STATE_HOME']
    process.env['XDG_STATE_HOME'] = folder
    t.after(() => {
      if (before === undefined) delete process.env['XDG_STATE_HOME']
      else process.env['XDG_STATE_HOME'] = before
    })
    return path.join(folder, 'oss-upload-stream')
  }

  it('is readable by its owner only, contains no path, and is gone at the end', async (t) => {
    const there = await place(t)
    const folder = stateFolder(t, path.join(there.folder, 'state'))
    await there.interrupt(4, { checkpoint: undefined })
    const names = await readdir(folder)
    assert.equal(names.length, 1)
    const checkpoint = path.join(folder, names[0]!)
    assert.match(names[0]!, /^[0-9a-f]{32}\.checkpoint$/)
    assert.equal((await stat(checkpoint)).mode & 0o777, 0o600)
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    const text = await readFile(checkpoint, 'utf8')
    const { accessKeyId, accessKeySecret } = there.emulator.credentials
    for (const secret of [there.file, accessKeyId, accessKeySecret]) assert.ok(!text.includes(secret))
    assert.deepEqual(await readdir(there.folder), ['file', 'state'])
    const before = there.sent().length
    await there.run({ checkpoint: undefined })
    assert.equal(before + there.sent().length, 10)
    assert.deepEqual(await readdir(folder), [])
    await isStored(there, BYTES)
  })

  it('is another one for another file and for another target', async (t) => {
    const there = await place(t)
    const folder = stateFolder(t, path.join(there.folder, 'state'))
    await there.interrupt(1, { checkpoint: true })
    const giveUp = { signal: AbortSignal.timeout(1) }
    await assert.rejects(there.store.uploadFile('other', there.file, { partSize: PART, ...giveUp }))
    const stop = new AbortController()
    const options = { partSize: PART, signal: stop.signal, onCheckpoint: () => stop.abort() }
    await assert.rejects(there.store.uploadFile('third', there.file, options), uploadError('ABORTED'))
    const names = await readdir(folder)
    assert.ok(names.filter((name) => name.endsWith('.checkpoint')).length >= 2, names.join())
  })

  it('is optional if its folder cannot be created, unless it was requested', async (t) => {
    const there = await place(t)
    stateFolder(t, there.file)
    await assert.rejects(there.run({ checkpoint: undefined, onPart: () => Promise.reject(new Error('no')) }), {
      message: 'no',
    })
    assert.deepEqual(await unfinishedUploads(there.store), [])
    await there.run({ checkpoint: undefined })
    await isStored(there, BYTES)
    await assert.rejects(there.run({ checkpoint: true }), uploadError('CHECKPOINT_FAILED'))
  })

  it('does not come between two uploads of the same file to the same place', async (t) => {
    const there = await place(t)
    const folder = stateFolder(t, path.join(there.folder, 'state'))
    await Promise.all([there.run({ checkpoint: undefined }), there.run({ checkpoint: undefined })])
    await isStored(there, BYTES)
    assert.deepEqual(await readdir(folder), [])
  })
})
