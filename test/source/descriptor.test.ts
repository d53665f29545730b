import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { uploadError } from '../support/errors.js'
import { pipeFrom } from '../support/named-pipe.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PARTS = { partSize: 102_400, concurrency: 2 }

/** Returns whether the descriptor is still what it was; its number may have been given to something else. */
function watch(fd: number): () => boolean {
  const { ino, dev } = fstatSync(fd)
  return () => {
    try {
      const now = fstatSync(fd)
      return now.ino === ino && now.dev === dev
    } catch {
      return false
    }
  }
}

describe('upload() of a descriptor', { concurrency: 3 }, () => {
  for (const size of [0, 10, 102_400, 1_000_000, 5_000_001]) {
    it(`stores ${size} bytes from a pipe, with a pause of the writer`, async (t) => {
      const { store } = await emulatedStore(t)
      const file = path.join(await temporaryFolder(t), 'file')
      const bytes = someBytes(size)
      await writeFile(file, bytes)
      const fd = await pipeFrom(t, '{ head -c 150000; sleep 0.1; cat; } < "$1"', file)
      const isOpen = watch(fd)
      const result = await store.upload('k', { fd }, PARTS)
      assert.equal(result.size, size)
      assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
      assert.equal(isOpen(), false)
    })
  }

  it('stores a file from the position of the descriptor', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'file')
    const bytes = someBytes(1_000_000)
    await writeFile(file, bytes)
    const result = await store.upload('k', { fd: openSync(file, 'r') }, PARTS)
    assert.equal(result.parts, 10)
    assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
  })

  it('stores the bytes of a socket', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = someBytes(1_000_000)
    const server = createServer((socket) => socket.end(bytes)).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    // Of a process of its own: here nobody else may have the descriptor.
    const program = `exec 3<>/dev/tcp/127.0.0.1/${port}; exec cat <&3`
    const child = spawn('bash', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    const result = await store.upload('k', child.stdout, PARTS)
    assert.equal(result.size, bytes.length)
  })

  it('stores nothing when it is aborted while nothing comes, and closes the descriptor', async (t) => {
    const { store } = await emulatedStore(t)
    const fd = await pipeFrom(t, 'head -c 250000 /dev/zero; exec sleep 60')
    const isOpen = watch(fd)
    const controller = new AbortController()
    const onPart = () => controller.abort()
    await assert.rejects(store.upload('k', { fd }, { ...PARTS, signal: controller.signal, onPart }), {
      code: 'ABORTED',
    })
    assert.equal(isOpen(), false)
    assert.equal(await exists(store, 'k'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('fails when the store does, although the writer never ends', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const fd = await pipeFrom(t, 'exec cat /dev/zero')
    const isOpen = watch(fd)
    await assert.rejects(store.upload('k', { fd }, PARTS), { code: 'ACCESS_DENIED' })
    assert.equal(isOpen(), false)
  })

  it('gives the memory back to the store, however it ends', async (t) => {
    const { store, open } = await emulatedStore(t)
    const tight = open({ maxMemory: 1024 * 1024 })
    for (let i = 0; i < 5; i += 1) {
      const fd = await pipeFrom(t, 'head -c 250000 /dev/zero; exec sleep 60')
      const controller = new AbortController()
      const options = { ...PARTS, signal: controller.signal, onPart: () => controller.abort() }
      await assert.rejects(tight.upload('k', { fd }, options), { code: 'ABORTED' })
    }
    const bytes = someBytes(3_000_000)
    await tight.upload('k', bytes, { partSize: 512 * 1024, concurrency: 1 })
    assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
  })

  it('refuses what cannot be read, by name', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = openSync(await temporaryFolder(t), 'r')
    t.after(() => closeSync(folder))
    await assert.rejects(store.upload('k', { fd: folder }), { code: 'INVALID_OPTION', message: /body\.fd.*directory/ })
    await assert.rejects(store.upload('k', { fd: 9999 }), { code: 'INVALID_OPTION', message: /body\.fd.*EBADF/ })
    const written = openSync(path.join(await temporaryFolder(t), 'written'), 'w')
    const refused = uploadError('FILE_FAILED', `file descriptor ${written} cannot be read: EBADF`)
    await assert.rejects(store.upload('k', { fd: written }), refused)
    for (const fd of [-1, 1.5, '0']) {
      await assert.rejects(store.upload('k', { fd } as { fd: number }), { code: 'INVALID_OPTION' })
    }
    assert.equal(await exists(store, 'k'), false)
  })

  it('reads a device to its end', async (t) => {
    const { store } = await emulatedStore(t)
    const result = await store.upload('k', { fd: openSync('/dev/null', 'r') })
    assert.equal(result.size, 0)
  })

  it('ends when it is aborted, although a device gives bytes without end', async (t) => {
    const { store } = await emulatedStore(t)
    const controller = new AbortController()
    const onPart = () => controller.abort()
    const fd = openSync('/dev/zero', 'r')
    await assert.rejects(store.upload('k', { fd }, { ...PARTS, signal: controller.signal, onPart }), {
      code: 'ABORTED',
    })
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
