import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { ProgressMeter, type UploadProgress } from '../../src/upload/progress.js'

/** A clock that advances on demand. */
function clock(t: TestContext): (ms: number) => void {
  let now = 1000
  t.mock.method(performance, 'now', () => now)
  return (ms) => {
    now += ms
  }
}

function snapshot(meter: ProgressMeter, expectedSize?: number): UploadProgress {
  return meter.snapshot({ acknowledged: 1, partsDone: 2, partsInFlight: 3, concurrency: 5 }, expectedSize)
}

describe('the progress of an upload', () => {
  it('counts reported bytes, and omits an expected size that was not given', () => {
    const meter = new ProgressMeter()
    meter.receive(10)
    meter.receive(5)
    meter.sent = 7
    meter.retries = 2
    const { received, sent, acknowledged, partsDone, partsInFlight, retries } = snapshot(meter)
    assert.deepEqual([received, sent, acknowledged, partsDone, partsInFlight, retries], [15, 7, 1, 2, 3, 2])
    assert.equal('expectedSize' in snapshot(meter), false)
    assert.equal(snapshot(meter, 0).expectedSize, 0)
  })

  it('waits for the source while nothing holds the source up', (t) => {
    const pass = clock(t)
    const meter = new ProgressMeter()
    pass(100)
    meter.receive(1)
    pass(30)
    const { elapsedMs, sourceIdleMs, waitingFor, slowSide } = snapshot(meter)
    assert.deepEqual([elapsedMs, sourceIdleMs, waitingFor, slowSide], [130, 30, 'source', 'source'])
  })

  it('waits for the network while the source is paused, and reports which was slower so far', async (t) => {
    const pass = clock(t)
    const meter = new ProgressMeter()
    pass(100)
    let free: () => void = () => undefined
    const blocked = meter.blocked(new Promise<void>((resolve) => (free = resolve)))
    pass(90)
    assert.equal(snapshot(meter).waitingFor, 'network')
    assert.equal(snapshot(meter).slowSide, 'source')
    pass(20)
    assert.equal(snapshot(meter).slowSide, 'network')
    free()
    await blocked
    pass(5)
    assert.equal(snapshot(meter).waitingFor, 'source')
    assert.equal(snapshot(meter).slowSide, 'network')
    pass(10)
    assert.equal(snapshot(meter).slowSide, 'source')
  })

  it('is not held up any more when the waiting failed', async () => {
    const meter = new ProgressMeter()
    await assert.rejects(meter.blocked(Promise.reject(new Error('x'))), /x/)
    assert.equal(snapshot(meter).waitingFor, 'source')
  })

  it('waits for the network alone once the source has ended', (t) => {
    const pass = clock(t)
    const meter = new ProgressMeter()
    pass(10)
    meter.end()
    pass(1000)
    meter.end()
    const { sourceIdleMs, waitingFor, slowSide } = snapshot(meter)
    assert.deepEqual([sourceIdleMs, waitingFor, slowSide], [0, 'network', 'network'])
  })

  it('has no time go by when it is over', (t) => {
    const pass = clock(t)
    const meter = new ProgressMeter()
    pass(10)
    meter.stop()
    pass(1000)
    meter.stop()
    assert.equal(snapshot(meter).elapsedMs, 10)
  })
})
