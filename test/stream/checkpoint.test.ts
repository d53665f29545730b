/** Checkpoints in files, on real sockets, in each dialect. */
import assert from 'node:assert/strict'
import { readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import {
  type CheckpointNotice,
  type ObjectStore,
  openStore,
  type RestartNotice,
  type ResumedUpload,
  UploadError,
  type UploadOptions,
} from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, unfinishedUploads } from '../support/emulated-store.js'
import { MemoryCheckpoint } from '../support/memory-checkpoint.js'
import { providerStore } from '../support/provider-store.js'
import { rejection } from '../support/scripted-service.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PART = 100 * 1024
const S3_PART = 5 * 1024 * 1024

/** Writes parts until so many are recorded, then fails: the upload is kept. */
async function interrupted(store: ObjectStore, bytes: Buffer, options: UploadOptions, parts: number): Promise<void> {
  const upload = store.createUploadStream('key', options)
  const recorded = new Promise<void>((resolve) => {
    upload.on('checkpoint', (notice) => {
      if (notice.parts >= parts) resolve()
    })
  })
  const source = new Readable({ read: () => undefined })
  const piping = pipeline(source, upload)
  source.push(bytes)
  await Promise.race([recorded, piping])
  source.destroy(new Error('of the source'))
  await rejection(piping)
  const error = (await rejection(upload.done)) as Partial<UploadError> & Error
  assert.equal(error.message, 'of the source')
  assert.equal(error.resumable, true)
  assert.equal(error.uploadId, upload.uploadId)
}

async function stored(store: ObjectStore, bytes: Buffer): Promise<void> {
  const { body } = await store.get('key')
  assert.ok((await readAll(body)).equals(bytes))
  assert.deepEqual(await unfinishedUploads(store), [])
}

describe('a stream with a checkpoint file', () => {
  for (const [what, options, partSize] of [
    ['OSS', { provider: 'oss' }, PART],
    ['OBS', { provider: 'obs' }, PART],
    ['S3, by CRC-32', { provider: 's3', checksum: 'crc32' }, S3_PART],
    ['S3, by CRC-64/NVME', { provider: 's3', checksum: 'crc64nvme' }, S3_PART],
    ['S3, by MD5', { provider: 's3', checksum: 'md5' }, S3_PART],
  ] as const) {
    it(`is resumed on ${what}`, async (t) => {
      const { emulator } = await emulatedStore(t)
      const { endpoint, region, credentials } = emulator
      const store = openStore({ bucket: 'test-bucket', endpoint, region, credentials, ...options })
      t.after(() => store.close())
      const folder = await temporaryFolder(t)
      const checkpoint = path.join(folder, 'c')
      const bytes = someBytes(3 * partSize + 100)
      await interrupted(store, bytes, { partSize, checkpoint, concurrency: 1 }, 2)
      const text = await readFile(checkpoint, 'utf8')
      assert.ok(!text.includes(credentials.accessKeyId) && !text.includes(credentials.accessKeySecret))

      const upload = store.createUploadStream('key', { partSize, checkpoint })
      const reported: (ResumedUpload | RestartNotice)[] = []
      upload.on('resumed', (notice) => reported.push(notice))
      upload.on('restarted', (notice) => reported.push(notice))
      upload.end(bytes)
      const { resumed, uploadId } = await upload.done
      // Those under way as the source failed may have been stored as well.
      assert.ok(resumed !== undefined && resumed.parts >= 2)
      assert.deepEqual(reported, [{ uploadId, ...resumed }])
      await stored(store, bytes)
      assert.deepEqual(await readdir(folder), [])
    })
  }

  it('costs no request beside those of any stream', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    const operations = async (length: number, options: UploadOptions): Promise<(string | undefined)[]> => {
      const before = emulator.requests.length
      const upload = store.createUploadStream('key', { partSize: PART, ...options })
      upload.end(someBytes(length))
      await upload.done
      return emulator.requests.slice(before).map(({ operation }) => operation)
    }
    for (const length of [0, 1, PART, 2 * PART]) {
      assert.deepEqual(await operations(length, { checkpoint }), await operations(length, {}))
    }
  })

  it('that is used by two at once fails for the second, and only for it', async (t) => {
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    const bytes = someBytes(4 * PART)
    const first = store.createUploadStream('key', { partSize: PART, checkpoint })
    const begun = new Promise<CheckpointNotice>((resolve) => first.once('checkpoint', resolve))
    first.write(bytes.subarray(0, 2 * PART))
    await begun
    const second = store.createUploadStream('other', { partSize: PART, checkpoint })
    second.on('error', () => undefined)
    second.end(bytes)
    const error = (await rejection(second.done)) as UploadError
    assert.equal(error.code, 'CHECKPOINT_FAILED')
    assert.equal(error.resumable, undefined)
    first.end(bytes.subarray(2 * PART))
    await first.done
    await stored(store, bytes)
  })

  it('never overwrites a file that is not a checkpoint', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'thesis.txt')
    await writeFile(checkpoint, 'years of work')
    const upload = store.createUploadStream('key', { partSize: PART, checkpoint })
    upload.on('error', () => undefined)
    upload.end(someBytes(3 * PART))
    const error = (await rejection(upload.done)) as UploadError
    assert.equal(error.code, 'INVALID_OPTION')
    assert.ok(error.message.includes(checkpoint))
    assert.equal(await readFile(checkpoint, 'utf8'), 'years of work')
    assert.equal(emulator.requests.length, 0)
    assert.deepEqual(await readdir(path.dirname(checkpoint)), ['thesis.txt'])
    const refused = (await rejection(store.discardCheckpoint(checkpoint))) as UploadError
    assert.equal(refused.code, 'INVALID_OPTION')
    assert.equal(await readFile(checkpoint, 'utf8'), 'years of work')
  })

  it('is discarded by its checkpoint', async (t) => {
    const { store, open } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const checkpoint = path.join(folder, 'c')
    await interrupted(store, someBytes(3 * PART), { partSize: PART, checkpoint }, 1)
    assert.equal((await unfinishedUploads(store)).length, 1)
    const elsewhere = (await rejection(open({ bucket: 'another-bucket' }).discardCheckpoint(checkpoint))) as UploadError
    assert.equal(elsewhere.code, 'INVALID_OPTION')
    assert.equal(await store.discardCheckpoint(checkpoint), true)
    assert.deepEqual(await unfinishedUploads(store), [])
    assert.deepEqual(await readdir(folder), [])
    assert.equal(await store.discardCheckpoint(checkpoint), false)
  })

  it('returns the offset to a producer that can start there', async (t) => {
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    const bytes = someBytes(5 * PART + 1)
    const options = { partSize: PART, checkpoint, concurrency: 1 }
    await interrupted(store, bytes, options, 3)
    const upload = store.createUploadStream('key', { ...options, resume: 'offset' })
    const offset = await upload.resumeFrom
    assert.ok(offset >= 3 * PART && offset % PART === 0)
    upload.end(bytes.subarray(offset))
    assert.equal((await upload.done).size, bytes.length)
    await stored(store, bytes)
  })

  it('is resumed by a transform, which gives on all bytes', async (t) => {
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    const bytes = someBytes(4 * PART)
    const options = { partSize: PART, checkpoint }
    await interrupted(store, bytes, options, 2)
    const upload = store.createUploadTransform('key', options)
    assert.equal(await upload.resumeFrom, 0)
    upload.end(bytes)
    assert.ok((await readAll(upload)).equals(bytes))
    assert.ok(((await upload.done).resumed?.parts ?? 0) >= 2)
    await stored(store, bytes)
  })

  for (const [what, emulatorOptions] of [
    ['plain', {}],
    ['encrypted, though no response says so', { obsEncryption: { algorithm: 'AES256', isTold: false } }],
  ] as const) {
    it(`keeps the recorded parts on OBS without CRC-64, and says which others are sent again: ${what}`, async (t) => {
      const options = { obsChecksums: false, ...emulatorOptions }
      const { emulator, store, openAnother } = await providerStore(t, { provider: 'obs' }, options)
      const bytes = someBytes(3 * PART + 10)
      const checkpoint = new MemoryCheckpoint()
      let early: string | undefined
      checkpoint.on = (when) => {
        if (when === 'after') early ??= checkpoint.text
      }
      await interrupted(store, bytes, { partSize: PART, checkpoint }, 3)
      const recorded = checkpoint.record?.parts.length ?? 0
      assert.equal(recorded, 3)

      // A run that was killed before it recorded a part leaves such a checkpoint.
      const notices: ResumedUpload[] = []
      const onResumed = (notice: ResumedUpload): void => void notices.push(notice)
      const unrecorded = { partSize: PART, checkpoint: new MemoryCheckpoint(early), onResumed }
      const failing = openAnother().createUploadStream('key', unrecorded)
      failing.on('resumed', () => failing.destroy(new Error('of the caller')))
      failing.on('error', () => undefined)
      failing.write(bytes.subarray(0, 2 * PART))
      await rejection(failing.done)
      const uploadId = checkpoint.record?.uploadId
      assert.deepEqual(notices, [{ uploadId, parts: 0, bytes: 0, unproven: recorded }])

      const sent = emulator.requests.length
      const { resumed } = await openAnother().upload('key', bytes, { partSize: PART, checkpoint, onResumed })
      assert.equal(resumed?.parts, recorded)
      assert.deepEqual(notices.slice(1), [{ uploadId, parts: recorded, bytes: recorded * PART }])
      const parts = emulator.requests.slice(sent).filter(({ operation }) => operation === 'UploadPart')
      assert.ok(parts.every(({ query }) => Number(query['partNumber']) > recorded))
      await stored(store, bytes)
    })
  }

  it('replaces no existing object, resumed or not', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const checkpoint = path.join(folder, 'c')
    const options = { partSize: PART, checkpoint, forbidOverwrite: true }
    await interrupted(store, someBytes(3 * PART), options, 1)
    const before = someBytes(10, 5)
    await store.upload('key', before)
    const upload = store.createUploadStream('key', options)
    upload.on('error', () => undefined)
    upload.end(someBytes(3 * PART))
    assert.equal(((await rejection(upload.done)) as UploadError).code, 'ALREADY_EXISTS')
    await stored(store, before)
    assert.deepEqual(await readdir(folder), [])
  })

  it('fails with what onPart rejects with while a part is being recorded', async (t) => {
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'checkpoint')
    const onPart = () => Promise.reject(new Error('of the caller'))
    const upload = store.createUploadStream('key', { checkpoint, partSize: PART, onPart })
    const piping = pipeline(Readable.from([someBytes(3 * PART)]), upload)
    assert.equal(String(await rejection(piping)), 'Error: of the caller')
    assert.equal(String(await rejection(upload.done)), 'Error: of the caller')
  })

  it('fails with what a listener throws that hears of it before anything is written', async (t) => {
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'checkpoint')
    await interrupted(store, someBytes(3 * PART + 7), { checkpoint, partSize: PART }, 2)
    const upload = store.createUploadStream('key', { checkpoint, partSize: PART, resume: 'offset' })
    upload
      .on('error', () => undefined)
      .on('resumed', () => {
        throw new Error('of the caller')
      })
    assert.equal(String(await rejection(upload.resumeFrom)), 'Error: of the caller')
    assert.equal(String(await rejection(upload.done)), 'Error: of the caller')
  })

  it('resumes an upload whose process was killed before the first checkpoint was in place', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    const bytes = someBytes(3 * PART)
    // The first write holds the upload ID and no part.
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const failed = store.upload('key', bytes, { partSize: PART, checkpoint, concurrency: 1 })
    const { uploadId } = (await rejection(failed)) as UploadError
    await rename(checkpoint, `${checkpoint}.oss-upload-stream.new`)
    const resumed: ResumedUpload[] = []
    await store.upload('key', bytes, { partSize: PART, checkpoint, onResumed: (notice) => void resumed.push(notice) })
    assert.deepEqual(
      resumed.map((notice) => notice.uploadId),
      [uploadId],
    )
    await stored(store, bytes)
  })

  it('fails with what its listeners throw, and is kept', async (t) => {
    const { store } = await emulatedStore(t)
    const checkpoint = path.join(await temporaryFolder(t), 'c')
    const bytes = someBytes(6 * PART)
    await interrupted(store, bytes, { partSize: PART, checkpoint, concurrency: 1 }, 1)
    for (const event of ['resumed', 'checkpoint'] as const) {
      const upload = store.createUploadStream('key', { partSize: PART, checkpoint })
      upload.on('error', () => undefined)
      upload.on(event, () => {
        throw new Error(`of ${event}`)
      })
      upload.end(bytes)
      const error = (await rejection(upload.done)) as Partial<UploadError> & Error
      assert.equal(error.message, `of ${event}`)
      assert.equal(error.resumable, true)
    }
    const upload = store.createUploadStream('key', { partSize: PART, checkpoint })
    upload.end(bytes)
    await upload.done
    await stored(store, bytes)
  })
})
