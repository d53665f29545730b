import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { appendFile, open, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import fc from 'fast-check'
import type { Emulator } from '../../../src/emulator/index.js'
import type {
  FileUploadOptions,
  ObjectStore,
  OssStoreOptions,
  UploadedPart,
  UploadError,
  UploadProgress,
} from '../../../src/index.js'
import { tableEngine } from '../../../src/checksum/engines/table-engine.js'
import { BufferPool } from '../../../src/memory/buffer-pool.js'
import { uploadFile } from '../../../src/upload/file/upload-file.js'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { MemoryDriver } from '../../support/memory-driver.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { until } from '../../support/until.js'

const PART = 102_400

interface Place {
  emulator: Emulator
  store: ObjectStore
  folder: string
  file: string
  /** Of `file`, in small parts, to `key`. */
  upload: (options?: FileUploadOptions) => ReturnType<ObjectStore['uploadFile']>
}

async function place(t: TestContext, bytes: Uint8Array, options: OssStoreOptions = {}): Promise<Place> {
  const { emulator, store } = await emulatedStore(t, { store: options })
  const folder = await temporaryFolder(t)
  const file = path.join(folder, 'file')
  await writeFile(file, bytes)
  const upload = (options?: FileUploadOptions) =>
    store.uploadFile('key', file, { partSize: PART, checkpoint: false, ...options })
  return { emulator, store, folder, file, upload }
}

function countOf({ requests }: Emulator, operation: string): number {
  return requests.filter((request) => request.operation === operation).length
}

async function isStored(store: ObjectStore, bytes: Uint8Array): Promise<void> {
  const { body, size } = await store.get('key')
  assert.equal(size, bytes.length)
  assert.equal(Buffer.compare(await readAll(body), bytes), 0)
}

async function nothingIsLeft(store: ObjectStore): Promise<void> {
  assert.equal(await exists(store, 'key'), false)
  assert.deepEqual(await unfinishedUploads(store), [])
}

describe('store.uploadFile()', () => {
  it('stores a file of any size in parts of one size', async (t) => {
    const { store, file } = await place(t, Buffer.alloc(0))
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 9 * PART }),
      fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom(-1, 0, 1)).map(([n, d]) => Math.max(0, n * PART + d)),
    )
    await fc.assert(
      fc.asyncProperty(
        sizes,
        fc.constantFrom(PART, PART + 1, 3 * PART),
        fc.integer({ min: 1, max: 6 }),
        async (size, partSize, concurrency) => {
          const bytes = someBytes(size, size + 1)
          await writeFile(file, bytes)
          const seen: UploadedPart[] = []
          const result = await store.uploadFile('key', file, {
            partSize,
            concurrency,
            checkpoint: false,
            onPart: (part) => void seen.push(part),
          })
          await isStored(store, bytes)
          assert.equal(result.crc64, (await store.head('key')).crc64)
          assert.equal(result.parts, Math.max(1, Math.ceil(size / partSize)))
          if (result.parts === 1) {
            assert.deepEqual([seen, result.uploadId], [[], undefined])
            return
          }
          seen.sort((a, b) => a.partNumber - b.partNumber)
          const full = Array.from({ length: result.parts - 1 }, () => partSize)
          assert.deepEqual(
            seen.map((part) => part.size),
            [...full, size - partSize * (result.parts - 1)],
          )
        },
      ),
      { numRuns: 30 },
    )
  })

  it('sends what fits in one part in one request', async (t) => {
    const bytes = someBytes(PART)
    const { emulator, store, upload } = await place(t, bytes)
    assert.equal((await upload()).parts, 1)
    assert.deepEqual(
      emulator.requests.map(({ operation }) => operation),
      ['PutObject'],
    )
    await isStored(store, bytes)
  })

  it('accepts a relative path, a URL and a link', async (t) => {
    const bytes = someBytes(1000)
    const { store, folder, file } = await place(t, bytes)
    const link = path.join(folder, 'link')
    await symlink(file, link)
    for (const place of [path.relative(process.cwd(), file), pathToFileURL(file), link]) {
      await store.uploadFile('key', place)
      await isStored(store, bytes)
      await store.delete('key')
    }
  })

  it('makes the object what the options say', async (t) => {
    const { store, upload } = await place(t, someBytes(3 * PART))
    await upload({ contentType: 'text/plain', metadata: { owner: 'me' }, storageClass: 'IA' })
    const { contentType, metadata, headers } = await store.head('key')
    assert.deepEqual([contentType, metadata, headers['x-oss-storage-class']], ['text/plain', { owner: 'me' }, 'IA'])
  })

  it('continues after faults, with each part as it was read', async (t) => {
    const bytes = someBytes(8 * PART + 5)
    const { emulator, store, upload } = await place(t, bytes)
    emulator.faults.inject({ match: { operation: 'UploadPart' }, times: 3, action: { type: 'reset', at: 'body' } })
    emulator.faults.inject({ match: { operation: 'UploadPart' }, skip: 4, action: { type: 'wrong-checksum' } })
    emulator.faults.inject({
      match: { operation: 'CompleteMultipartUpload' },
      action: { type: 'reset', at: 'committed' },
    })
    await upload()
    await isStored(store, bytes)
  })

  it('reads as many parts as it may have in flight and one more, and holds no other buffer', async (t) => {
    const bytes = someBytes(20 * PART)
    const { file } = await place(t, bytes)
    const driver = new MemoryDriver()
    const pool = new BufferPool(tableEngine, 64 * PART)
    let most = 0
    const look = () => void (most = Math.max(most, pool.handedOutBytes))
    driver.on = async ({ verb, when }) => {
      // Nothing leaves before all is read that may be.
      if (verb === 'initiate' && when === 'before') await until(() => pool.handedOutBytes >= 5 * PART)
      // A disk that is slow must not make it seem that fewer may be sent at a time.
      if (verb === 'part' && when === 'before') await until(() => driver.mostParts >= 4)
      look()
    }
    await uploadFile({ driver, pool }, 'key', file, { partSize: PART, concurrency: 4, checkpoint: false, onPart: look })
    assert.deepEqual([most, driver.mostParts, pool.handedOutBytes], [5 * PART, 4, 0])
    assert.equal(Buffer.compare(driver.objects.get('key')!.bytes, bytes), 0)
  })

  it('waits for memory that another upload of the store has', async (t) => {
    const bytes = someBytes(10 * PART)
    const { store, file } = await place(t, bytes, { maxMemory: 1024 * 1024 })
    const other = store.createUploadStream('other', { partSize: 1024 * 1024 })
    other.write(Buffer.alloc(1))
    const uploading = store.uploadFile('key', file, { partSize: PART, checkpoint: false })
    await sleep(20)
    assert.equal(await exists(store, 'key'), false)
    other.end()
    await uploading
    await isStored(store, bytes)
  })

  it('reports progress and total, and awaits listeners', async (t) => {
    const bytes = someBytes(6 * PART)
    const { emulator, upload } = await place(t, bytes)
    emulator.faults.inject({ match: { operation: 'UploadPart' }, times: 100, action: { type: 'delay', ms: 200 } })
    const seen: UploadProgress[] = []
    let reported = 0
    let isTelling = false
    await upload({
      concurrency: 2,
      onProgress: async (progress) => {
        assert.equal(isTelling, false)
        isTelling = true
        seen.push(progress)
        await sleep(5)
        isTelling = false
        reported += 1
      },
    })
    assert.ok(seen.length > 1)
    assert.equal(reported, seen.length)
    for (const { expectedSize, slowSide } of seen) assert.deepEqual([expectedSize, slowSide], [bytes.length, 'network'])
    const { received, sent, acknowledged, partsDone, partsInFlight } = seen.at(-1)!
    assert.deepEqual([received, sent, acknowledged], [bytes.length, bytes.length, bytes.length])
    assert.deepEqual([partsDone, partsInFlight], [6, 0])
  })

  it('awaits onPart before it sends the next part', async (t) => {
    const { emulator, upload } = await place(t, someBytes(5 * PART))
    const sentBefore: number[] = []
    await upload({
      concurrency: 1,
      async onPart({ partNumber }) {
        await sleep(5)
        sentBefore.push(countOf(emulator, 'UploadPart') - partNumber)
      },
    })
    assert.deepEqual(sentBefore, [0, 0, 0, 0, 0])
  })

  describe('when the file changes', () => {
    const bytes = someBytes(6 * PART)
    const changes: Record<string, { change: (file: string) => Promise<void>; message: string }> = {
      grows: {
        change: (file) => appendFile(file, 'more'),
        message: `it had ${bytes.length} bytes and has ${bytes.length + 4}`,
      },
      'shrinks by a byte': { change: (file) => truncate(file, bytes.length - 1), message: 'ended after' },
      'shrinks to nothing': { change: (file) => truncate(file, 0), message: 'ended after' },
      'is written to in place': {
        async change(file) {
          const handle = await open(file, 'r+')
          await handle.write('x', 5)
          await handle.close()
        },
        message: 'it was written to',
      },
      'is touched': { change: (file) => utimes(file, new Date(), new Date(1e12)), message: 'it was written to' },
      'is replaced by the same': {
        async change(file) {
          await writeFile(`${file}.new`, bytes)
          await rename(`${file}.new`, file)
        },
        message: 'it was moved, removed or replaced',
      },
      'is removed': { change: (file) => rm(file), message: 'it was moved, removed or replaced' },
    }
    for (const [what, { change, message }] of Object.entries(changes)) {
      it(`fails and leaves nothing: it ${what}`, async (t) => {
        const { store, file, upload } = await place(t, bytes)
        let isChanged = false
        const uploading = upload({
          concurrency: 1,
          async onPart() {
            if (isChanged) return
            isChanged = true
            await change(file)
          },
        })
        await assert.rejects(uploading, uploadError('SOURCE_CHANGED', JSON.stringify(file), message))
        await nothingIsLeft(store)
      })
    }

    it('fails also where it fits in one part', async (t) => {
      const { store, file } = await place(t, someBytes(1000), { maxMemory: 1024 * 1024 })
      // What takes all memory keeps the file open and unread.
      const other = store.createUploadStream('other', { partSize: 1024 * 1024 })
      other.write('x')
      const uploading = store.uploadFile('key', file, { partSize: PART, checkpoint: false })
      await sleep(50)
      await appendFile(file, 'more')
      other.end()
      await assert.rejects(uploading, uploadError('SOURCE_CHANGED', 'it had 1000 bytes and has 1004'))
      await nothingIsLeft(store)
    })
  })

  describe('that fails', () => {
    const bytes = someBytes(9 * PART)

    it('leaves nothing behind when a part is refused', async (t) => {
      const { emulator, store, upload } = await place(t, bytes)
      emulator.faults.inject({
        match: { operation: 'UploadPart' },
        skip: 2,
        action: { type: 'error', status: 403, code: 'AccessDenied' },
      })
      await assert.rejects(upload(), uploadError('ACCESS_DENIED'))
      await nothingIsLeft(store)
    })

    it('ends with its signal, wherever it is', async (t) => {
      const { emulator, store, upload } = await place(t, bytes)
      for (const operation of ['UploadPart', 'CompleteMultipartUpload'] as const) {
        const giveUp = new AbortController()
        const reason = new Error('too late')
        emulator.faults.clear()
        emulator.faults.inject({ match: { operation }, times: 100, action: { type: 'stall', at: 'request' } })
        const uploading = upload({ signal: giveUp.signal })
        // Long enough to get there; where it has not, another moment is tried.
        setTimeout(() => giveUp.abort(reason), 60)
        await assert.rejects(uploading, (error: Error) => {
          assert.equal(error.cause, reason)
          return uploadError('ABORTED')(error)
        })
        emulator.faults.clear()
        await nothingIsLeft(store)
      }
    })

    it('sends nothing when its signal was aborted before', async (t) => {
      const { emulator, upload } = await place(t, bytes)
      await assert.rejects(upload({ signal: AbortSignal.abort() }), uploadError('ABORTED'))
      assert.deepEqual(emulator.requests, [])
    })

    it('fails with what onPart or onProgress throws', async (t) => {
      const { emulator, store, upload } = await place(t, bytes)
      const failure = new Error('in the callback')
      await assert.rejects(upload({ onPart: () => Promise.reject(failure) }), failure)
      await nothingIsLeft(store)
      emulator.faults.inject({ match: { operation: 'UploadPart' }, times: 100, action: { type: 'delay', ms: 300 } })
      await assert.rejects(upload({ onProgress: () => Promise.reject(failure) }), failure)
      await nothingIsLeft(store)
    })

    it('does not wait for an onPart that never comes back', async (t) => {
      const { store, upload } = await place(t, bytes)
      const giveUp = new AbortController()
      const uploading = upload({
        signal: giveUp.signal,
        onPart() {
          giveUp.abort()
          return new Promise(() => undefined)
        },
      })
      await assert.rejects(uploading, uploadError('ABORTED'))
      await nothingIsLeft(store)
    })

    it('gives back the memory', async (t) => {
      const { store, file, upload } = await place(t, bytes, { maxMemory: 1024 * 1024 })
      for (let i = 0; i < 5; i += 1) {
        const uploading = upload({ onPart: () => Promise.reject(new Error('no')) })
        await assert.rejects(uploading, { message: 'no' })
      }
      await store.uploadFile('key', file, { partSize: 1024 * 1024 })
      await isStored(store, bytes)
    })
  })

  describe('of anything but a regular file', () => {
    it('refuses what has no size, and says what to do', async (t) => {
      const { store, folder } = await place(t, Buffer.alloc(0))
      await assert.rejects(store.uploadFile('key', folder), invalidOption('path must', 'not be a directory'))
      const device = invalidOption('path ', `(got '/dev/null')`, 'not be a device', 'upload() a stream of it')
      await assert.rejects(store.uploadFile('key', '/dev/null'), device)
      const pipe = path.join(folder, 'pipe')
      await promisify(execFile)('mkfifo', [pipe])
      await assert.rejects(store.uploadFile('key', pipe), invalidOption('not be a pipe', 'upload() a stream of it'))
      assert.equal(await exists(store, 'key'), false)
    })

    it('refuses a file of the system that has more than it says', async (t) => {
      const { store } = await place(t, Buffer.alloc(0))
      const refused = invalidOption('path ', `(got '/proc/self/status')`, 'more bytes than its size says')
      await assert.rejects(store.uploadFile('key', '/proc/self/status'), refused)
      assert.equal(await exists(store, 'key'), false)
    })

    it('names the file that the file system refuses, with its error as the cause', async (t) => {
      const { store, folder } = await place(t, Buffer.alloc(0))
      const nowhere = path.join(folder, 'nowhere')
      const loop = path.join(folder, 'loop')
      await symlink(loop, loop)
      for (const [file, code] of [
        [nowhere, 'ENOENT'],
        [loop, 'ELOOP'],
      ] as const) {
        await assert.rejects(store.uploadFile('key', file), (error: UploadError) => {
          assert.deepEqual([error.name, error.code], ['UploadError', 'FILE_FAILED'])
          assert.ok(error.message.startsWith(`${JSON.stringify(file)} cannot be read: ${code}`), error.message)
          assert.equal((error.cause as NodeJS.ErrnoException).code, code)
          return true
        })
      }
    })

    it('refuses an invalid path', async (t) => {
      const { store } = await place(t, Buffer.alloc(0))
      const urls = ['https://example.com/file', 'file://another-host/file', 'file:///a%2Fb'].map((url) => new URL(url))
      for (const wrong of [undefined, null, '', 5, 'a\0b', ...urls]) {
        await assert.rejects(store.uploadFile('key', wrong as string), invalidOption('path '))
      }
    })
  })

  it('refuses options that a file has no use for', async (t) => {
    const { store, file } = await place(t, Buffer.alloc(0))
    for (const name of ['expectedSize', 'partGrowth', 'resume', 'unknown']) {
      await assert.rejects(store.uploadFile('key', file, { [name]: 1 }), invalidOption(`no option '${name}'`))
    }
    await assert.rejects(store.uploadFile('key', file, { onPart: 5 as never }), invalidOption('onPart ', '(got 5)'))
    await assert.rejects(store.uploadFile('', file), invalidOption('key'))
  })
})
