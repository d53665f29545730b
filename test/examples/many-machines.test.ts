/** A coordinator and three workers as processes of their own, on a real Redis. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf, startExample } from '../support/examples.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'

const PART = 102_400
const bytes = someBytes(30 * PART - 5)
const address = { host: '127.0.0.1', port: 6379 }

function canConnect(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address)
    const settle = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => settle(true)).once('error', () => settle(false))
  })
}

const skip = (await canConnect()) ? false : 'no Redis on 127.0.0.1:6379'

async function begin(t: TestContext) {
  const emulated = await emulatedStore(t)
  const prefix = `test-${randomUUID()}`
  const file = path.join(await temporaryFolder(t), 'disk.img')
  await writeFile(file, bytes)
  const environment = { ...environmentOf(emulated.emulator), QUEUE_PREFIX: prefix, LOCK_MS: '1000' }
  t.after(async () => {
    const connection = new Redis({ ...address, maxRetriesPerRequest: null })
    for (const name of ['upload-objects', 'upload-parts']) {
      const queue = new Queue(name, { connection, prefix })
      await queue.obliterate({ force: true })
      await queue.close()
    }
    connection.disconnect()
  })
  const startWorker = () => {
    const worker = startExample('many-machines/worker.ts', [], environment)
    t.after(async () => {
      worker.child.kill('SIGKILL')
      await worker.ended
    })
    return worker
  }
  const coordinate = () =>
    startExample('many-machines/coordinator.ts', ['disk.img', file, String(PART)], environment).ended
  const partsSent = () => emulated.emulator.requests.filter(({ operation }) => operation === 'UploadPart').length
  return { ...emulated, file, startWorker, coordinate, partsSent }
}

describe('examples/many-machines', { skip }, () => {
  it('stores the object although a worker is killed in the middle of its parts', async (t) => {
    const { store, emulator, startWorker, coordinate, partsSent } = await begin(t)
    // Long enough that the worker that is killed has parts under way.
    emulator.faults.inject({ match: { operation: 'UploadPart' }, times: Infinity, action: { type: 'delay', ms: 200 } })
    const [first] = [startWorker(), startWorker(), startWorker()]
    const coordinated = coordinate()
    await until(() => partsSent() >= 6)
    first.child.kill('SIGKILL')
    const { code, stdout, stderr } = await coordinated
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^30 parts of disk\.img are queued$/m)
    assert.match(stdout, /^stored disk\.img: \{.*"crc64":"\d+"/m)
    assert.ok((await readAll((await store.get('disk.img')).body)).equals(bytes))
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('publishes nothing where a part cannot be sent, and aborts the upload', async (t) => {
    const { store, emulator, startWorker, coordinate } = await begin(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart', partNumber: 3 },
      times: Infinity,
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    startWorker()
    const { code, stderr } = await coordinate()
    assert.notEqual(code, 0)
    assert.match(stderr, /1 parts were not sent: .*AccessDenied/)
    assert.equal(await exists(store, 'disk.img'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('publishes nothing where a worker has an older file', async (t) => {
    const { store, file, emulator, startWorker, coordinate, partsSent } = await begin(t)
    const coordinated = coordinate()
    // The plan is made; what the workers see at the path is another file of the same size.
    await until(() => emulator.requests.some(({ operation }) => operation === 'InitiateMultipartUpload'))
    assert.equal(partsSent(), 0)
    await writeFile(file, someBytes(bytes.length, 2))
    startWorker()
    const { code, stderr } = await coordinated
    assert.notEqual(code, 0)
    assert.match(stderr, /expectedCrc64/)
    assert.equal(await exists(store, 'disk.img'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })
})
