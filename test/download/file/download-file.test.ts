import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdir, open as openFile, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Fault } from '../../../src/emulator/index.js'
import type { DownloadProgress, DownloadRestart, FileDownloadOptions, ObjectStore } from '../../../src/index.js'
import { KiB, MiB } from '../../../src/shared/byte-size.js'
import { someBytes } from '../../support/bytes.js'
import { run, whyNot } from '../../support/commands.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { invalidOption, uploadError } from '../../support/errors.js'
import { providerStore } from '../../support/provider-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const RANGE = 64 * KiB
const BYTES = someBytes(10 * RANGE + 12_345)

async function storedObject(t: TestContext, bytes = BYTES) {
  const emulated = await emulatedStore(t, { store: { retry: { maxAttempts: 2, baseDelayMs: 0 } } })
  await put(emulated.store, bytes)
  const folder = await temporaryFolder(t)
  return { ...emulated, folder, file: path.join(folder, 'app.sql') }
}

async function put(store: ObjectStore, bytes: Uint8Array): Promise<void> {
  await store.upload('a', bytes, { partSize: 256 * KiB })
}

const refusal: Fault = {
  match: { operation: 'GetObject' },
  skip: 5,
  times: Infinity,
  action: { type: 'error', status: 403, code: 'AccessDenied' },
}

/** Skips the test where this machine does not let it mount. */
async function whileMounted(
  t: TestContext,
  place: string,
  args: readonly string[],
  task: () => Promise<void>,
): Promise<void> {
  const why = whyNot(['mount', ...args, place])
  if (why !== undefined) {
    t.skip(why)
    return
  }
  try {
    await task()
  } finally {
    spawnSync('umount', [place])
  }
}

describe('a download into a file', () => {
  it('replaces it when all has come in any order and is verified, and leaves nothing beside it', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    await writeFile(file, 'as it was', { mode: 0o600 })
    // The first ranges come last.
    for (const skip of [1, 2]) {
      emulator.faults.inject({ match: { operation: 'GetObject' }, skip, action: { type: 'delay', ms: 100 } })
    }
    const reports: DownloadProgress[] = []
    const result = await store.downloadFile('a', file, {
      partSize: RANGE,
      concurrency: 4,
      onProgress: (progress) => void reports.push(progress),
    })
    assert.deepEqual(await readFile(file), BYTES)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.deepEqual([result.verified, result.size, result.ranges], ['crc64', BYTES.length, 11])
    const last = reports.at(-1)
    assert.deepEqual([last?.received, last?.delivered, last?.resumed], [BYTES.length, BYTES.length, 0])
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })

  it('accepts an empty object, and one of a single range', async (t) => {
    const { store, file, emulator } = await storedObject(t)
    for (const bytes of [Buffer.alloc(0), someBytes(1000)]) {
      await put(store, bytes)
      const before = emulator.requests.length
      const { verified } = await store.downloadFile('a', pathToFileURL(file))
      assert.equal(verified, 'crc64')
      assert.deepEqual(await readFile(file), bytes)
      assert.ok(emulator.requests.length - before <= 2)
    }
  })

  it('is verified by what has to be computed in order as well', async (t) => {
    const { store } = await providerStore(t, { provider: 's3', addressing: 'path', checksum: 'crc32' })
    const bytes = someBytes(6 * MiB)
    await store.upload('a', bytes, { partSize: 5 * MiB })
    const file = path.join(await temporaryFolder(t), 'a')
    const { verified } = await store.downloadFile('a', file, { partSize: MiB })
    assert.equal(verified, 'crc32')
    assert.ok(bytes.equals(await readFile(file)))
  })

  it('resumes after a failure with what is missing, whichever it is', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    emulator.faults.inject(refusal)
    await writeFile(file, 'as it was')
    const options: FileDownloadOptions = { partSize: RANGE, concurrency: 1 }
    await assert.rejects(store.downloadFile('a', file, options), uploadError('ACCESS_DENIED'))
    emulator.faults.clear()
    assert.equal(await readFile(file, 'utf8'), 'as it was')
    const beside = (await readdir(folder)).filter((name) => name !== 'app.sql').map((name) => path.extname(name))
    assert.deepEqual(beside.sort(), ['.checkpoint', '.partial'])
    const resumed: number[] = []
    const result = await store.downloadFile('a', file, {
      ...options,
      onResumed: ({ bytes }) => void resumed.push(bytes),
    })
    assert.deepEqual(resumed, [5 * RANGE])
    assert.equal(result.ranges, 6)
    assert.deepEqual(await readFile(file), BYTES)
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })

  it('reads spans again whose bytes on disk have changed', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    emulator.faults.inject(refusal)
    const restarts: DownloadRestart[] = []
    const options: FileDownloadOptions = {
      partSize: RANGE,
      concurrency: 1,
      onRestarted: (notice) => void restarts.push(notice),
    }
    await assert.rejects(store.downloadFile('a', file, options))
    emulator.faults.clear()
    const partial = (await readdir(folder)).find((name) => name.endsWith('.partial')) ?? ''
    const handle = await openFile(path.join(folder, partial), 'r+')
    await handle.write(Buffer.from('damaged'), 0, 7, 2 * RANGE)
    await handle.close()
    await store.downloadFile('a', file, options)
    assert.deepEqual(
      restarts.map(({ reason }) => reason),
      ['file-changed'],
    )
    assert.deepEqual(await readFile(file), BYTES)
  })

  it('starts over when the object was replaced between two runs, and fails when it is replaced within one', async (t) => {
    const { store, file, folder, emulator, open } = await storedObject(t)
    const restarts: DownloadRestart[] = []
    const options: FileDownloadOptions = {
      partSize: RANGE,
      concurrency: 1,
      onRestarted: (notice) => void restarts.push(notice),
    }
    emulator.faults.inject(refusal)
    await assert.rejects(store.downloadFile('a', file, options))
    emulator.faults.clear()
    const other = someBytes(BYTES.length, 2)
    await put(store, other)
    await store.downloadFile('a', file, options)
    assert.deepEqual(
      restarts.map(({ reason }) => reason),
      ['object-changed'],
    )
    assert.deepEqual(await readFile(file), other)

    const busy = { type: 'error', status: 503, code: 'ServiceUnavailable' } as const
    emulator.faults.inject({ match: { operation: 'GetObject' }, skip: 3, times: Infinity, action: busy })
    const patient = open({ retry: { baseDelayMs: 1 } })
    let replaced: Promise<void> | undefined
    const onRetry = (): void => {
      replaced ??= put(store, BYTES).then(() => emulator.faults.clear())
    }
    await assert.rejects(patient.downloadFile('a', file, { ...options, onRetry }), uploadError('SOURCE_CHANGED'))
    await replaced
    assert.deepEqual(await readFile(file), other)
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })

  it('leaves the file as it was when the bytes are not the object’s', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    await writeFile(file, 'as it was')
    emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'wrong-checksum' } })
    await assert.rejects(store.downloadFile('a', file, { partSize: RANGE }), uploadError('CHECKSUM_MISMATCH'))
    assert.equal(await readFile(file, 'utf8'), 'as it was')
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })

  it('keeps nothing without a checkpoint, and the received bytes after an abort with one', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    for (const checkpoint of [false, path.join(folder, 'mine')]) {
      emulator.faults.inject({ match: { operation: 'GetObject' }, skip: 5, action: { type: 'stall', at: 'answer' } })
      const controller = new AbortController()
      const onProgress = ({ delivered }: DownloadProgress): void => {
        if (delivered === 5 * RANGE) controller.abort(new Error('enough'))
      }
      const options = { partSize: RANGE, concurrency: 1, checkpoint, signal: controller.signal, onProgress }
      await assert.rejects(store.downloadFile('a', file, options), uploadError('ABORTED', 'its signal was aborted'))
      emulator.faults.clear()
      const left = (await readdir(folder)).map((name) => path.extname(name) || name)
      assert.deepEqual(left.sort(), checkpoint === false ? [] : ['.partial', 'mine'])
    }
    const resumed: number[] = []
    const onResumed = ({ bytes }: { bytes: number }) => void resumed.push(bytes)
    await store.downloadFile('a', file, { checkpoint: path.join(folder, 'mine'), onResumed })
    assert.deepEqual(resumed, [5 * RANGE])
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })

  it('refuses the checkpoint of another file, and a file that is not a checkpoint', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    const checkpoint = path.join(folder, 'mine')
    emulator.faults.inject(refusal)
    await assert.rejects(store.downloadFile('a', file, { partSize: RANGE, concurrency: 1, checkpoint }))
    emulator.faults.clear()
    await assert.rejects(store.downloadFile('a', `${file}2`, { checkpoint }), invalidOption('into', 'app.sql'))
    await store.downloadFile('a', file, { checkpoint })
    await writeFile(checkpoint, 'of others')
    await assert.rejects(
      store.downloadFile('a', file, { checkpoint }),
      invalidOption('mine', 'does not start like a checkpoint'),
    )
    assert.equal(await readFile(checkpoint, 'utf8'), 'of others')
  })

  it('fails with what a callback throws, without another request, and leaves nothing behind', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    const failing = (): never => {
      throw new Error('no')
    }
    for (const options of [{ onObject: failing }, { onProgress: failing }]) {
      const before = emulator.requests.length
      await assert.rejects(store.downloadFile('a', file, { ...options, checkpoint: false }), /^Error: no$/)
      assert.ok(emulator.requests.length - before <= 1)
      assert.deepEqual(await readdir(folder), [])
    }
  })

  it('says that another download of the same file is under way, also by another name', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    await symlink('app.sql', path.join(folder, 'link'))
    emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'stall', at: 'answer' } })
    const controller = new AbortController()
    const first = store.downloadFile('a', file, { signal: controller.signal })
    const began = Date.now()
    while (!(await readdir(folder)).some((name) => name.endsWith('.partial'))) assert.ok(Date.now() - began < 60_000)
    await assert.rejects(
      store.downloadFile('a', path.join(folder, 'link')),
      uploadError('FILE_FAILED', 'another download'),
    )
    controller.abort()
    await assert.rejects(first, uploadError('ABORTED'))
    await store.downloadFile('a', path.join(folder, 'link'))
    assert.equal((await lstat(path.join(folder, 'link'))).isSymbolicLink(), true)
    assert.deepEqual(await readFile(file), BYTES)
  })

  it('is refused where there can be no file, before anything is read', async (t) => {
    const { store, folder, emulator } = await storedObject(t)
    const before = emulator.requests.length
    const pipe = path.join(folder, 'pipe')
    await run(['mkfifo', pipe])
    await assert.rejects(store.downloadFile('a', folder), invalidOption('path', 'not be a folder'))
    await assert.rejects(
      store.downloadFile('a', path.join(folder, 'nowhere/')),
      invalidOption('path', 'not be a folder'),
    )
    await assert.rejects(store.downloadFile('a', pipe), invalidOption('path', 'not be a pipe'))
    await assert.rejects(store.downloadFile('a', '/dev/null'), invalidOption('path', 'not be a device'))
    await assert.rejects(
      store.downloadFile('a', path.join(folder, 'nowhere/app.sql')),
      uploadError('FILE_FAILED', 'create the folder first'),
    )
    await assert.rejects(store.downloadFile('a', ''), invalidOption('path'))
    await assert.rejects(store.downloadFile('a', 'f', { checkpoint: 5 as never }), invalidOption('checkpoint'))
    await assert.rejects(store.downloadFile('a', 'f', { range: { start: 1 } } as never), invalidOption('range'))
    assert.equal(emulator.requests.length, before)
    assert.deepEqual(await readdir(folder), ['pipe'])
  })

  it('says that its folder is read-only', async (t) => {
    const { store, folder } = await storedObject(t)
    const closed = path.join(folder, 'closed')
    await mkdir(closed)
    await whileMounted(t, closed, ['-t', 'tmpfs', '-o', 'ro', 'tmpfs'], async () => {
      await assert.rejects(
        store.downloadFile('a', path.join(closed, 'a')),
        uploadError('FILE_FAILED', 'cannot be written: EROFS', 'its folder must be writable'),
      )
    })
  })

  it('fails when the disk is full, loses nothing, and resumes when there is room', async (t) => {
    const { store, folder } = await storedObject(t, someBytes(2 * MiB))
    const disk = path.join(folder, 'disk')
    await mkdir(disk)
    await whileMounted(t, disk, ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs'], async () => {
      const file = path.join(disk, 'a')
      await writeFile(file, 'as it was')
      const options: FileDownloadOptions = { partSize: RANGE, concurrency: 2, checkpoint: path.join(folder, 'mine') }
      await assert.rejects(store.downloadFile('a', file, options), uploadError('FILE_FAILED', 'ENOSPC'))
      assert.equal(await readFile(file, 'utf8'), 'as it was')
      await run(['mount', '-o', 'remount,size=8m', disk])
      const resumed: number[] = []
      await store.downloadFile('a', file, { ...options, onResumed: ({ bytes }) => void resumed.push(bytes) })
      assert.ok((resumed[0] ?? 0) > 0)
      assert.ok(someBytes(2 * MiB).equals(await readFile(file)))
      assert.deepEqual(await readdir(disk), ['a'])
    })
  })

  it('may go into a file that is mounted by itself, as in a container', async (t) => {
    const { store, file, folder } = await storedObject(t)
    const host = path.join(folder, 'host.sql')
    for (const name of [file, host]) await writeFile(name, 'as it was')
    await whileMounted(t, file, ['--bind', host], async () => {
      await store.downloadFile('a', file)
      assert.deepEqual(await readFile(host), BYTES)
      assert.deepEqual((await readdir(folder)).sort(), ['app.sql', 'host.sql'])
    })
  })

  it('has a name as long as the file system allows, in any script', async (t) => {
    const { store, folder } = await storedObject(t)
    for (const name of ['a'.repeat(255), '数'.repeat(85), '😀'.repeat(63)]) {
      await store.downloadFile('a', path.join(folder, name), { checkpoint: true })
      assert.deepEqual(await readFile(path.join(folder, name)), BYTES)
    }
  })

  it('is what a link leads to, even if that does not exist yet', async (t) => {
    const { store, folder } = await storedObject(t)
    await mkdir(path.join(folder, 'data'))
    await symlink('middle', path.join(folder, 'link'))
    await symlink('data/app.sql', path.join(folder, 'middle'))
    await store.downloadFile('a', path.join(folder, 'link'))
    assert.equal((await lstat(path.join(folder, 'link'))).isSymbolicLink(), true)
    assert.deepEqual(await readFile(path.join(folder, 'data/app.sql')), BYTES)
  })

  it('takes over at once from a killed process', async (t) => {
    const { store, file, folder, emulator } = await storedObject(t)
    emulator.faults.inject({ match: { operation: 'GetObject' }, action: { type: 'stall', at: 'answer' } })
    const controller = new AbortController()
    const child = spawn('sleep', ['60'])
    t.after(() => child.kill('SIGKILL'))
    const first = store.downloadFile('a', file, { signal: controller.signal })
    while (!(await readdir(folder)).some((name) => name.endsWith('.partial'))) await new Promise(setImmediate)
    const lock = path.join(folder, (await readdir(folder)).find((name) => name.endsWith('.lock')) ?? '')
    const holder = JSON.parse(await readFile(lock, 'utf8')) as Record<string, unknown>
    controller.abort()
    await assert.rejects(first)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await writeFile(lock, JSON.stringify({ ...holder, pid: child.pid }))
    await store.downloadFile('a', file)
    assert.deepEqual(await readFile(file), BYTES)
  })
})
