import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { run } from '../../../src/cli/run.js'
import { whyNot } from '../../support/commands.js'
import { emulatedStore, exists, unfinishedUploads } from '../../support/emulated-store.js'
import { setEnvironment } from '../../support/environment.js'
import { environmentOf } from '../../support/examples.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { until } from '../../support/until.js'
import { ossup, OSSUP, ossupEnvironment, ossupProcess, startOssup, untilRequested } from '../ossup.js'

const KEY = 'dump'
const TARGET = `oss://test-bucket/${KEY}`
/** Why no process can be the first of its own here; false where it can. */
const noContainer = whyNot(['unshare', '--pid', '--fork', 'true']) ?? false
const PRODUCER = [
  '--',
  process.execPath,
  '-e',
  `process.stdout.write(Buffer.alloc(9_000_000)); setInterval(() => {}, 999)`,
]

describe('a signal', { concurrency: 3 }, () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`${signal} aborts the upload, ends the command and leaves nothing behind`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { child, ended } = startOssup(emulator, ['put', TARGET, ...PRODUCER])
      await untilRequested(emulator, 'UploadPart')
      child.kill(signal)
      const { code: status, stderr } = await ended
      assert.equal(status, code, stderr)
      assert.match(stderr, new RegExp(`${signal}: aborts cleanly`))
      assert.equal(await exists(store, KEY), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  for (const [stage, bytes, isThere] of [
    ['before the first byte', 0, (events: string[]) => events.includes('start')],
    ['while the first part fills', 5_000_000, (events: string[]) => events.includes('progress')],
  ] as const) {
    it(`leaves nothing behind ${stage}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { child, ended } = startOssup(emulator, ['put', '--json', '--progress-every', '0s', TARGET])
      const events: string[] = []
      child.stdout.on('data', (chunk: Buffer) => {
        events.push(...[...chunk.toString().matchAll(/"event":"(\w+)"/g)].map(([, name = '']) => name))
      })
      if (bytes > 0) child.stdin.write(Buffer.alloc(bytes))
      await until(() => isThere(events))
      child.kill('SIGINT')
      const { code, stderr } = await ended
      assert.equal(code, 130)
      assert.ok(stderr.endsWith(`ossup: ended by SIGINT; ${TARGET} was not stored\n`), stderr)
      assert.equal(emulator.requests.length, 0)
      assert.equal(await exists(store, KEY), false)
    })
  }

  for (const [stage, operation, at] of [
    ['the upload is being begun', 'InitiateMultipartUpload', 'request'],
    ['the upload is begun, and nobody knows its id yet', 'InitiateMultipartUpload', 'committed'],
    ['a part is under way', 'UploadPart', 'request'],
    ['a part is stored', 'UploadPart', 'committed'],
  ] as const) {
    it(`leaves nothing behind while ${stage}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      emulator.faults.inject({ match: { operation }, action: { type: 'delay', ms: 300, at } })
      const { child, ended } = startOssup(emulator, ['put', TARGET])
      child.stdin.write(Buffer.alloc(9_000_000))
      await until(() => emulator.faults.pending().length === 0)
      child.kill('SIGINT')
      const { code, stderr } = await ended
      assert.equal(code, 130, stderr)
      assert.equal(await exists(store, KEY), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  for (const [outcome, at] of [
    ['is there', 'committed'],
    ['is not there', 'uncommitted'],
  ] as const) {
    it(`leaves no parts behind while the last request is under way, and the object ${outcome}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      emulator.faults.inject({ match: { operation: 'CompleteMultipartUpload' }, action: { type: 'stall', at } })
      const { child, ended } = startOssup(emulator, ['put', TARGET])
      child.stdin.end(Buffer.alloc(9_000_000))
      await until(() => emulator.faults.pending().length === 0)
      while (at === 'committed' && !(await exists(store, KEY))) await new Promise(setImmediate)
      child.kill('SIGINT')
      const { code, stderr } = await ended
      assert.equal(code, 130)
      assert.match(stderr, /ended by SIGINT .*: the object is stored whole, or not at all \(check with ossup head oss:/)
      assert.equal(await exists(store, KEY), at === 'committed')
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('is too late, and no failure, when the object is published', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    setEnvironment(t, environmentOf(emulator))
    const said: string[] = []
    const output = () =>
      new Writable({
        decodeStrings: false,
        write(text: string, _encoding, callback) {
          said.push(text)
          if (text.startsWith('stored')) process.emit('SIGHUP', 'SIGHUP')
          callback()
        },
      })
    const code = await run({
      args: ['put', TARGET],
      descriptors: () => [],
      stdin: Readable.from([Buffer.alloc(9_000_000)]),
      stdout: output(),
      stderr: output(),
      environment: process.env,
    })
    assert.equal(code, 0)
    assert.equal(said.at(-1), 'ossup: SIGHUP came too late: the command had finished\n')
    assert.equal((await store.head(KEY)).size, 9_000_000)
  })

  it('ends the process at once when it is the second', async (t) => {
    const { emulator } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      times: Infinity,
      action: { type: 'stall', at: 'request' },
    })
    const { child, ended } = startOssup(emulator, ['put', TARGET])
    child.stdin.write(Buffer.alloc(9_000_000))
    await untilRequested(emulator, 'UploadPart')
    const said = new Promise((resolve) => child.stderr.once('data', resolve))
    child.kill('SIGINT')
    await said
    child.kill('SIGINT')
    assert.equal((await ended).signal, 'SIGINT')
  })
})

describe('process 1 of a container', () => {
  it('ends at once by the second signal as well', { skip: noContainer }, async (t) => {
    const { emulator } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      times: Infinity,
      action: { type: 'stall', at: 'request' },
    })
    const child = spawn('unshare', ['--pid', '--fork', '--kill-child', 'bash', '-c', `exec ${OSSUP} put ${TARGET}`], {
      env: ossupEnvironment(emulator),
      stdio: ['pipe', 'ignore', 'pipe'],
    })
    t.after(() => child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    // It may be gone before it has read all of it.
    child.stdin.on('error', () => undefined).write(Buffer.alloc(9_000_000))
    await untilRequested(emulator, 'UploadPart')
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    const said = once(child.stderr, 'data')
    process.kill(Number(children), 'SIGTERM')
    await said
    process.kill(Number(children), 'SIGTERM')
    assert.deepEqual(await exited, [143, null])
  })
})

describe('what is left behind', () => {
  it('is named, with the command that removes it', async (t) => {
    const { emulator } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const failing = `process.stdout.write(Buffer.alloc(9_000_000), () => setTimeout(() => process.exit(1), 300))`
    const { code, stderr } = await ossupProcess(emulator, ['put', TARGET, '--', process.execPath, '-e', failing])
    assert.equal(code, 3)
    assert.match(
      stderr,
      /upload \w+ was not aborted \(.*AccessDenied.*\): ossup abort oss:\/\/test-bucket\/dump --upload-id \w+/,
    )
  })

  for (const [where, bucket, OSS_BUCKET] of [
    ['', 'oss://test-bucket/', ''],
    [' of the bucket that the environment names', 'oss:///', 'test-bucket'],
  ] as const) {
    it(`is named by its own key where a file went into a folder${where}`, async (t) => {
      const { emulator } = await emulatedStore(t)
      for (const operation of ['UploadPart', 'AbortMultipartUpload'] as const) {
        emulator.faults.inject({ match: { operation }, action: { type: 'error', status: 403, code: 'AccessDenied' } })
      }
      const file = path.join(await temporaryFolder(t), 'app.sql')
      await writeFile(file, Buffer.alloc(9_000_000))
      const { stderr } = await ossup(emulator, ['put', `${bucket}nightly/`, file], { environment: { OSS_BUCKET } })
      assert.match(stderr, new RegExp(`: ossup abort ${bucket}nightly/app\\.sql --upload-id \\w+`))
    })
  }
})
