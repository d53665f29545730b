import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { embeddedStore, exists, unfinishedUploads } from '../support/embedded-store.js'
import { ossup, startOssup, untilRequested } from './ossup.js'

const KEY = 'dump'
const TARGET = `oss://test-bucket/${KEY}`
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
    it(`${signal} gives up the upload, ends the command and leaves nothing behind`, async (t) => {
      const { emulator, store } = await embeddedStore(t)
      const { child, ended } = startOssup(emulator, ['put', TARGET, ...PRODUCER])
      await untilRequested(emulator, 'UploadPart')
      child.kill(signal)
      const { code: status, stderr } = await ended
      assert.equal(status, code, stderr)
      assert.match(stderr, new RegExp(`${signal}: gives up cleanly`))
      assert.equal(await exists(store, KEY), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  for (const [stage, operation] of [
    ['the upload is begun', 'InitiateMultipartUpload'],
    ['a part is under way', 'UploadPart'],
  ] as const) {
    it(`leaves nothing behind while ${stage}`, async (t) => {
      const { emulator, store } = await embeddedStore(t)
      emulator.faults.inject({ match: { operation }, action: { type: 'delay', ms: 300, at: 'committed' } })
      const { child, ended } = startOssup(emulator, ['put', TARGET])
      child.stdin.write(Buffer.alloc(9_000_000))
      await new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (emulator.faults.pending().length > 0) return
          clearInterval(timer)
          resolve()
        }, 5)
      })
      child.kill('SIGINT')
      assert.equal((await ended).code, 130)
      assert.equal(await exists(store, KEY), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('is told that the outcome is not known while the last request is under way', async (t) => {
    const { emulator, store } = await embeddedStore(t)
    emulator.faults.inject({
      match: { operation: 'CompleteMultipartUpload' },
      action: { type: 'stall', at: 'committed' },
    })
    const { child, ended } = startOssup(emulator, ['put', TARGET])
    child.stdin.end(Buffer.alloc(9_000_000))
    while (!(await exists(store, KEY))) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGINT')
    const { code, stderr } = await ended
    assert.equal(code, 130)
    assert.match(stderr, /the object is there whole, or not at all \(ossup head oss:/)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('ends the process at once when it is the second', async (t) => {
    const { emulator } = await embeddedStore(t)
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

describe('what is left behind', () => {
  it('is named, with the command that takes it away', async (t) => {
    const { emulator } = await embeddedStore(t)
    emulator.faults.inject({
      match: { operation: 'AbortMultipartUpload' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const failing = `process.stdout.write(Buffer.alloc(9_000_000), () => setTimeout(() => process.exit(1), 300))`
    const { code, stderr } = await ossup(emulator, ['put', TARGET, '--', process.execPath, '-e', failing])
    assert.equal(code, 3)
    assert.match(
      stderr,
      /left behind is upload \w+ \(.*AccessDenied.*\): ossup abort oss:\/\/test-bucket\/dump --upload-id \w+/,
    )
  })
})
