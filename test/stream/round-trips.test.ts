/** What an upload costs in requests, connections and round trips, seen from the other side. */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startEmulator } from '../../src/emulator/index.js'
import { type ObjectStore, openStore, type StoreOptions } from '../../src/index.js'
import { KiB, MiB } from '../../src/shared/byte-size.js'
import { someBytes } from '../support/bytes.js'
import { type Gateway, gateway } from '../support/gateway.js'
import { until } from '../support/until.js'

const PART = 100 * KiB

async function distantStore(
  t: TestContext,
  options: StoreOptions = {},
): Promise<{ store: ObjectStore; gate: Gateway }> {
  const emulator = await startEmulator()
  const { region, credentials } = emulator
  const gate = await gateway(t, emulator.endpoint)
  const store = openStore({ region, credentials, ...options, endpoint: gate.endpoint, bucket: 'test-bucket' })
  t.after(async () => {
    await store.close()
    await emulator.close()
  })
  return { store, gate }
}

const partsIn = ({ arrived }: Gateway) => arrived.filter((kind) => kind === 'part').length

describe('an upload', () => {
  it('starts with the first byte beyond its first part, and sends that part before its source provides more', async (t) => {
    const { store, gate } = await distantStore(t)
    const upload = store.createUploadStream('key', { partSize: PART })
    upload.write(someBytes(PART))
    // A request that comes and goes: nothing else was on its way.
    await store.delete('other')
    assert.deepEqual(gate.arrived, ['abort'])
    upload.write('x')
    await until(() => gate.arrived.length === 3)
    assert.deepEqual(gate.arrived.slice(1), ['initiate', 'part'])
    upload.end()
    assert.equal((await upload.done).parts, 2)
  })

  it('opens the connections for its parts while it is being initiated, and no more later', async (t) => {
    const { store, gate } = await distantStore(t)
    gate.hold('initiate')
    const upload = store.createUploadStream('key', { partSize: PART, concurrency: 3 })
    upload.end(someBytes(20 * PART))
    await until(() => gate.connections === 4)
    assert.deepEqual(gate.arrived, ['initiate'])
    gate.letGo()
    await upload.done
    assert.equal(gate.connections, 4)
  })

  it('has as many parts in flight as permitted, including the last one', async (t) => {
    const { store, gate } = await distantStore(t)
    gate.hold('part')
    const upload = store.createUploadStream('key', { partSize: PART, concurrency: 3 })
    upload.end(someBytes(6 * PART - 1))
    for (const [answered, inFlight] of [0, 1, 2, 3].map((count) => [count, count + 3] as const)) {
      await until(() => partsIn(gate) === inFlight && upload.progress.partsDone === answered)
      gate.letGo(1)
    }
    gate.letGo()
    assert.equal((await upload.done).parts, 6)
  })

  it('sends the next request after the response to the previous one, and none unnecessarily', async (t) => {
    const { store, gate } = await distantStore(t)
    const upload = store.createUploadStream('key', { partSize: PART, concurrency: 1 })
    upload.end(someBytes(2.5 * PART))
    await upload.done
    assert.deepEqual(gate.arrived, ['initiate', 'part', 'part', 'part', 'complete'])
  })

  it('uses the connections of the one before it', async (t) => {
    const { store, gate } = await distantStore(t)
    for (const key of ['a', 'b', 'c']) {
      const upload = store.createUploadStream(key, { partSize: PART, concurrency: 3 })
      upload.end(someBytes(10 * PART))
      await upload.done
    }
    assert.equal(gate.connections, 4)
  })

  it('that fits in one part needs one connection', async (t) => {
    const { store, gate } = await distantStore(t)
    const upload = store.createUploadStream('key')
    upload.end(someBytes(PART))
    await upload.done
    assert.equal(gate.connections, 1)
  })

  it('sends no Expect: 100-continue, and delays no packet', async (t) => {
    const noDelay = t.mock.method(Socket.prototype, 'setNoDelay')
    const { store, gate } = await distantStore(t)
    const upload = store.createUploadStream('key', { partSize: PART, concurrency: 2 })
    upload.end(someBytes(5 * PART))
    await upload.done
    for (const headers of gate.headers) assert.equal(headers.expect, undefined)
    // Those of the gateway have this setting from the start.
    assert.ok(noDelay.mock.callCount() >= gate.connections)
    for (const { arguments: args } of noDelay.mock.calls) assert.notEqual(args[0], false)
  })

  const stores: StoreOptions[] = [
    { provider: 'oss' },
    { provider: 'oss', signatureVersion: 1 },
    { provider: 'obs' },
    { provider: 'obs', checksum: 'md5' },
    { provider: 's3' },
    { provider: 's3', checksum: 'crc32' },
    { provider: 's3', checksum: 'crc64nvme' },
  ]
  for (const options of stores) {
    it(`is verified by the responses to its own requests: ${JSON.stringify(options)}`, async (t) => {
      const { store, gate } = await distantStore(t, options)
      for (const [length, kinds] of [
        [1, ['put']],
        [11 * MiB, ['initiate', 'part', 'part', 'part', 'complete']],
      ] as const) {
        const before = gate.arrived.length
        const upload = store.createUploadStream('key', { partSize: 5 * MiB })
        upload.end(someBytes(length))
        const { checksum } = await upload.done
        assert.ok(checksum !== undefined)
        assert.deepEqual(gate.arrived.slice(before), kinds)
      }
    })
  }
})
