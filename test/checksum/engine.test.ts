import assert from 'node:assert/strict'
import { once } from 'node:events'
import process from 'node:process'
import { describe, mock, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Crc64Engine } from '../../src/checksum/crc64.js'
import {
  chooseCrc64Engine,
  type Crc64EngineLoaders,
  crc64Engine,
  createCrc64Engine,
} from '../../src/checksum/engine.js'
import { programOf } from '../support/project.js'
import { engines, expectedCrc64, noise } from './messages.js'

const table = createCrc64Engine('table')

function fail(): never {
  throw new Error('not on this machine')
}

/** Right for short messages only. */
function forgetful(name: Crc64Engine['name']): Crc64Engine {
  const create: Crc64Engine['create'] = () => {
    const crc = table.create()
    return {
      update: (bytes) => crc.update(bytes.subarray(0, 1000)),
      digest: () => crc.digest(),
      reset: () => crc.reset(),
    }
  }
  return { name, create, createPartBuffer: fail }
}

describe('the choice of the engine', () => {
  test('falls on the rings here', () => {
    assert.equal(crc64Engine().name, 'rings')
    assert.equal(crc64Engine(), crc64Engine())
  })

  test('falls on the next one that loads', () => {
    const loaders: Crc64EngineLoaders = { rings: fail, addon: () => ({ ...table, name: 'addon' }), table: () => table }
    assert.equal(chooseCrc64Engine(undefined, loaders).name, 'addon')
    assert.equal(chooseCrc64Engine('', { ...loaders, addon: fail }).name, 'table')
    assert.throws(() => chooseCrc64Engine('', { rings: fail, addon: fail, table: fail }), AggregateError)
  })

  test('passes over an engine that computes wrong values', () => {
    const loaders: Crc64EngineLoaders = { rings: () => forgetful('rings'), addon: fail, table: () => table }
    assert.equal(chooseCrc64Engine(undefined, loaders).name, 'table')
    assert.throws(() => chooseCrc64Engine('rings', loaders), /'rings' computes wrong values/)
  })

  test('can be forced, and then does not fall back', () => {
    for (const { name } of engines) assert.equal(chooseCrc64Engine(name).name, name)
    const loaders: Crc64EngineLoaders = { rings: fail, addon: fail, table: () => table }
    assert.throws(() => chooseCrc64Engine('rings', loaders), {
      message: "the CRC-64 engine 'rings' cannot run here",
      cause: new Error('not on this machine'),
    })
    assert.throws(() => chooseCrc64Engine('fast'), {
      name: 'TypeError',
      message: "OSS_UPLOAD_STREAM_CRC64 must be one of rings, addon, table, not 'fast'",
    })
  })

  test('does without WebAssembly', () => {
    const webAssembly = Object.getOwnPropertyDescriptor(globalThis, 'WebAssembly')!
    Reflect.deleteProperty(globalThis, 'WebAssembly')
    try {
      assert.throws(() => createCrc64Engine('rings'), /'rings' cannot run here/)
      assert.notEqual(chooseCrc64Engine(undefined).name, 'rings')
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', webAssembly)
    }
  })
})

test('the engine of rings continues by table if WebAssembly gets no memory', () => {
  const engine = createCrc64Engine('rings')
  const webAssembly = Reflect.get(globalThis, 'WebAssembly') as Record<'Memory', () => object>
  const refused = mock.method(webAssembly, 'Memory', function refuse() {
    throw new RangeError('could not allocate memory')
  })
  const part = engine.createPartBuffer(200_000)
  part.append(noise, 0, 200_000)
  const crc = engine.create()
  crc.update(noise.subarray(0, 10))
  crc.update(noise.subarray(10, 100_000))
  refused.mock.restore()
  assert.equal(refused.mock.callCount(), 2)
  assert.equal(part.digest(), expectedCrc64(noise.subarray(0, 200_000)))
  assert.equal(crc.digest(), expectedCrc64(noise.subarray(0, 100_000)))
  crc.reset()
  crc.update(noise.subarray(7, 200_000))
  assert.equal(crc.digest(), expectedCrc64(noise.subarray(7, 200_000)))
})

describe('a worker thread', () => {
  const message = noise.subarray(3, 300_003)

  async function answerOfWorker(forced: string): Promise<unknown> {
    const env = { ...process.env, OSS_UPLOAD_STREAM_CRC64: forced }
    const worker = new Worker(programOf('test/checksum/crc64-worker.ts'), { env, workerData: message })
    const [answer] = (await once(worker, 'message')) as unknown[]
    return answer
  }

  test('has rings of its own', async () => {
    assert.deepEqual(await answerOfWorker(''), { name: 'rings', crc: expectedCrc64(message) })
  })

  test('obeys the environment variable', async () => {
    assert.deepEqual(await answerOfWorker('table'), { name: 'table', crc: expectedCrc64(message) })
    await assert.rejects(answerOfWorker('fast'), /must be one of rings, addon, table/)
  })
})
