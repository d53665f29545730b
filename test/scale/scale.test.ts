import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc64Engine } from '../../src/checksum/engine.js'
import { formatCrc64 } from '../../src/checksum/decimal.js'
import { MiB } from '../../src/shared/byte-size.js'
import { emulatedStore } from '../support/emulated-store.js'
import { streamSampled } from './discarded-stream.js'
import { manyParts } from './many-parts.js'
import { manyUploads, resources } from './many-uploads.js'
import { readSlowly } from './slow-reader.js'

const AT_ONCE = 5

describe('much of everything', () => {
  it('leaves no socket, timer or listener behind with many uploads', async (t) => {
    const { store } = await emulatedStore(t)
    const { signal } = new AbortController()
    const bytes = Buffer.alloc(1024, 'x')
    await manyUploads(store, 200, AT_ONCE, bytes, signal)
    const { sockets, timers, listeners } = resources(signal)
    assert.equal(listeners, 0)
    // Of each connection that is kept both ends are in this process, with a timer or two.
    assert.ok(sockets <= 2 * AT_ONCE, `${sockets} sockets`)
    assert.ok(timers <= 4 * AT_ONCE, `${timers} timers`)
  })

  it('completes an upload of many parts', async (t) => {
    const { store } = await emulatedStore(t, { emulator: { limits: { minPartSize: 1 } } })
    const { size, crc64 } = await manyParts(store, 400, AT_ONCE)
    assert.equal(size, 400)
    const expected = crc64Engine().create()
    for (let partNumber = 1; partNumber <= 400; partNumber += 1) expected.update(Uint8Array.of(partNumber % 256))
    assert.equal(crc64, formatCrc64(expected.digest()))
  })

  it('samples a stream as it goes', async (t) => {
    const { store } = await emulatedStore(t)
    const received: number[] = []
    const { size } = await streamSampled(store, 40 * MiB, 16 * MiB, (sample) => received.push(sample.received))
    assert.equal(size, 40 * MiB)
    assert.equal(received.length, 3)
    assert.deepEqual(
      received,
      [...received].sort((a, b) => a - b),
    )
  })

  it('samples a slow reader as it goes', async (t) => {
    const { store } = await emulatedStore(t)
    const bytes = Buffer.alloc(20 * MiB, 'x')
    await store.upload('object', bytes)
    const received: number[] = []
    const onSample = (sample: { received: number }): void => void received.push(sample.received)
    const { result } = await readSlowly(store, 'object', 40 * MiB, 8 * MiB, onSample, { partSize: MiB })
    assert.equal(result.size, bytes.length)
    assert.equal(received.length, 2)
  })
})
