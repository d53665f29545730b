/** An upload that ali-oss started, and that was interrupted half-way, is finished here from its checkpoint. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { open, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import type {
  AliOssCheckpoint,
  FileUploadOptions,
  ObjectStore,
  RestartNotice,
  UploadError,
  UploadResult,
} from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, unfinishedUploads } from '../support/emulated-store.js'
import { invalidOption } from '../support/errors.js'
import { PROJECT } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PART = 102_400
const BYTES = someBytes(9 * PART + 7)
const KEY = 'dir/größer.bin'

interface Interrupted {
  emulator: Emulator
  store: ObjectStore
  file: string
  /** As it comes back from a file, where its caller kept it. */
  checkpoint: AliOssCheckpoint
  finish: (options?: FileUploadOptions) => Promise<UploadResult>
  restarted: RestartNotice[]
  /** How many parts were sent here. */
  sent: () => number
}

/** Uploads with ali-oss in a separate process, and prints each checkpoint. */
const PROGRAM = `
  import OSS from 'ali-oss'
  const { client, key, file, options } = JSON.parse(process.argv[1])
  const progress = (_fraction, checkpoint) => void console.log(JSON.stringify(checkpoint))
  await new OSS(client).multipartUpload(key, file, { ...options, progress })
`

/** ali-oss had sent and reported five parts when its process was killed. */
async function interrupted(t: TestContext): Promise<Interrupted> {
  const { emulator, store } = await emulatedStore(t)
  const folder = await temporaryFolder(t)
  const before = process.env['XDG_STATE_HOME']
  process.env['XDG_STATE_HOME'] = path.join(folder, 'state')
  t.after(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, 'XDG_STATE_HOME')
    else process.env['XDG_STATE_HOME'] = before
  })
  const file = path.join(folder, 'file')
  await writeFile(file, BYTES)
  const client = {
    ...emulator.credentials,
    endpoint: emulator.endpoint,
    region: `oss-${emulator.region}`,
    bucket: store.bucket,
    authorizationV4: true,
  }
  emulator.faults.inject({
    match: { operation: 'UploadPart' },
    skip: 5,
    times: 100,
    action: { type: 'stall', at: 'request' },
  })
  const options = { partSize: PART, parallel: 2 }
  const argument = JSON.stringify({ client, key: KEY, file, options })
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, argument], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  let checkpoint: AliOssCheckpoint | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    checkpoint = JSON.parse(line) as AliOssCheckpoint
    if (checkpoint.doneParts.length === 5) child.kill('SIGKILL')
  }
  assert.ok(checkpoint?.doneParts.length === 5)
  emulator.faults.clear()
  const restarted: RestartNotice[] = []
  const requestsBefore = emulator.requests.length
  const known = checkpoint
  return {
    emulator,
    store,
    file,
    checkpoint,
    restarted,
    finish: (further) =>
      store.uploadFile(KEY, file, {
        checkpoint: known,
        onRestarted: (notice) => void restarted.push(notice),
        ...further,
      }),
    sent: () => emulator.requests.slice(requestsBefore).filter(({ operation }) => operation === 'UploadPart').length,
  }
}

async function isStored({ store }: Interrupted, bytes: Uint8Array): Promise<void> {
  assert.equal(Buffer.compare(await readAll((await store.get(KEY)).body), bytes), 0)
  assert.deepEqual(await unfinishedUploads(store), [])
}

describe('an upload of ali-oss', () => {
  it('is finished here, and what it had sent is not sent again', async (t) => {
    const there = await interrupted(t)
    const { parts, resumed, uploadId } = await there.finish()
    assert.deepEqual([parts, uploadId], [10, there.checkpoint.uploadId])
    assert.deepEqual(resumed, { parts: 5, bytes: 5 * PART })
    assert.equal(there.sent(), 5)
    await isStored(there, BYTES)
  })

  it('sends again what was changed since', async (t) => {
    const there = await interrupted(t)
    const bytes = Buffer.from(BYTES)
    bytes[PART + 1]! ^= 1
    const handle = await open(there.file, 'r+')
    await handle.write(bytes.subarray(PART + 1, PART + 2), 0, 1, PART + 1)
    await handle.close()
    await there.finish()
    assert.equal(there.sent(), 6)
    await isStored(there, bytes)
  })

  it('trusts no part by its number and ETag alone', async (t) => {
    const there = await interrupted(t)
    // What the checkpoint says of a part is not what the service has under its number.
    const { key, uploadId } = { key: KEY, uploadId: there.checkpoint.uploadId }
    await there.store.uploadPart({ key, uploadId }, 2, Buffer.alloc(PART, 'other'))
    await there.finish()
    await isStored(there, BYTES)
  })

  it('is resumed here again after another interruption', async (t) => {
    const there = await interrupted(t)
    const giveUp = new AbortController()
    const stopped = there.finish({
      concurrency: 1,
      signal: giveUp.signal,
      onPart({ resumed }) {
        if (resumed !== true) giveUp.abort()
      },
    })
    await assert.rejects(stopped, { code: 'ABORTED' })
    const before = there.sent()
    assert.ok(before >= 1)
    const { resumed } = await there.finish()
    assert.ok(resumed!.parts > 5)
    assert.ok(there.sent() <= 5 + 1)
    await isStored(there, BYTES)
  })

  it('leaves alone another upload of the same file that was initiated here, which continues later', async (t) => {
    const there = await interrupted(t)
    const giveUp = new AbortController()
    const options = { partSize: PART, concurrency: 1, signal: giveUp.signal, onPart: () => giveUp.abort() }
    await assert.rejects(there.store.uploadFile(KEY, there.file, options), { code: 'ABORTED' })
    assert.equal((await unfinishedUploads(there.store)).length, 2)
    const { uploadId } = await there.finish()
    assert.equal(uploadId, there.checkpoint.uploadId)
    assert.equal((await unfinishedUploads(there.store)).length, 1)
    const { resumed } = await there.store.uploadFile(KEY, there.file, { partSize: PART })
    assert.ok(resumed!.parts > 0)
    await isStored(there, BYTES)
  })

  it('leaves nothing behind without a record, if it is gone and another one is recorded', async (t) => {
    const there = await interrupted(t)
    const interrupt = () => {
      const giveUp = new AbortController()
      return { concurrency: 1, signal: giveUp.signal, onPart: () => giveUp.abort() }
    }
    const here = there.store.uploadFile(KEY, there.file, { partSize: PART, ...interrupt() })
    await assert.rejects(here, { code: 'ABORTED', resumable: true })
    await there.store.abortMultipartUpload({ key: KEY, uploadId: there.checkpoint.uploadId })
    const [recorded] = await unfinishedUploads(there.store)
    await assert.rejects(
      there.finish(interrupt()),
      (error: UploadError) => error.code === 'ABORTED' && !error.resumable,
    )
    assert.deepEqual(await unfinishedUploads(there.store), [recorded])
  })

  it('starts over when the upload is gone', async (t) => {
    const there = await interrupted(t)
    await there.store.abortMultipartUpload({ key: KEY, uploadId: there.checkpoint.uploadId })
    await there.finish()
    assert.deepEqual(
      there.restarted.map(({ reason }) => reason),
      ['upload-gone'],
    )
    assert.equal(there.sent(), 10)
    await isStored(there, BYTES)
  })

  it('is refused where the file has grown to more parts than there can be, before any is sent', async (t) => {
    const there = await interrupted(t)
    await truncate(there.file, 10_000 * PART + 1)
    const before = there.emulator.requests.length
    await assert.rejects(there.finish(), invalidOption('checkpoint.partSize ', `(got ${PART})`))
    assert.equal(there.emulator.requests.length, before)
  })

  it('is refused if the checkpoint belongs to another object, or is invalid', async (t) => {
    const there = await interrupted(t)
    const { checkpoint } = there
    const other = there.store.uploadFile('other', there.file, { checkpoint })
    await assert.rejects(other, invalidOption('checkpoint.name ', `(got '${KEY}')`, `the key of this upload, "other"`))
    for (const [wrong, message] of [
      [{ uploadId: '' }, 'checkpoint.uploadId'],
      [{ partSize: 0 }, 'checkpoint.partSize ', '(got 0)'],
      [{ fileSize: '5' }, 'checkpoint.fileSize'],
      [{ doneParts: {} }, 'checkpoint.doneParts'],
      [{ doneParts: [{ number: 0, etag: 'x' }] }, 'checkpoint.doneParts.number ', '(got 0)'],
      [{ doneParts: [{ number: 1 }] }, 'checkpoint.doneParts.etag'],
    ] as const) {
      const options = { checkpoint: { ...checkpoint, ...wrong } as AliOssCheckpoint }
      await assert.rejects(there.finish(options), invalidOption(message))
    }
  })
})
