import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Caller, CircuitBreaker, type Turn } from '../../../src/stores/request/circuit-breaker.js'

const FAILURE = { kind: 'line', reason: 'connect ECONNREFUSED' } as const
const CALLER: Caller = { patienceMs: 60_000, signals: [] }

/** A breaker whose service is away; its next probe is due in 1,000 ms of mocked time. */
function openBreaker(t: TestContext): CircuitBreaker {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let now = 0
  t.mock.method(performance, 'now', () => now)
  const tick = t.mock.timers.tick.bind(t.mock.timers)
  t.mock.method(t.mock.timers, 'tick', (ms: number) => {
    // In steps: what a timer starts is to run in its own time.
    for (let left = ms; left > 0; left -= 10) {
      now += 10
      tick(10)
    }
  })
  const breaker = new CircuitBreaker({ baseDelayMs: 1000, maxDelayMs: 1000 })
  t.mock.method(Math, 'random', () => 1)
  for (let i = 0; i < 3; i += 1) breaker.failed({}, FAILURE)
  return breaker
}

/** What became of a request so far. */
function entered(breaker: CircuitBreaker, request: object, caller = CALLER): { readonly turn: Turn | undefined } {
  const result: { turn: Turn | undefined } = { turn: undefined }
  const waiting = breaker.enter(request, caller)
  if (waiting === undefined) result.turn = { outcome: 'send', waitedMs: 0 }
  void waiting?.then((turn) => (result.turn = turn))
  return result
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('CircuitBreaker', () => {
  it('lets all requests pass while no more than two in a row have failed', () => {
    const breaker = new CircuitBreaker({ baseDelayMs: 1, maxDelayMs: 1 })
    for (let i = 0; i < 10; i += 1) {
      breaker.failed({}, FAILURE)
      breaker.failed({}, FAILURE)
      assert.equal(breaker.enter({}, CALLER), undefined)
      breaker.answered()
    }
    breaker.failed({}, FAILURE)
    breaker.failed({}, FAILURE)
    breaker.failed({}, FAILURE)
    assert.notEqual(breaker.probeInMs, undefined)
  })

  it('lets one request at a time find out whether the service is back, the longest waiting first', async (t) => {
    const breaker = openBreaker(t)
    const requests = [{}, {}, {}]
    const waiting = requests.map((request) => entered(breaker, request))
    t.mock.timers.tick(990)
    await settled()
    assert.deepEqual(
      waiting.map(({ turn }) => turn?.outcome),
      [undefined, undefined, undefined],
    )
    t.mock.timers.tick(20)
    await settled()
    assert.deepEqual(
      waiting.map(({ turn }) => turn?.outcome),
      ['send', undefined, undefined],
    )
    t.mock.timers.tick(20_000)
    breaker.failed(requests[0]!, FAILURE)
    breaker.released(requests[0]!)
    t.mock.timers.tick(1010)
    await settled()
    assert.deepEqual(
      waiting.map(({ turn }) => turn?.outcome),
      ['send', 'send', undefined],
    )
  })

  it('resumes waiting requests gradually when the service is back: two after each response', async (t) => {
    const breaker = openBreaker(t)
    const requests = Array.from({ length: 8 }, () => ({}))
    const waiting = requests.map((request) => entered(breaker, request))
    const sent = async () => {
      await settled()
      return waiting.filter(({ turn }) => turn?.outcome === 'send').length
    }
    t.mock.timers.tick(1010)
    const counts = [await sent()]
    for (const request of requests.slice(0, 3)) {
      breaker.answered()
      breaker.released(request)
      counts.push(await sent())
    }
    assert.deepEqual(counts, [1, 3, 5, 7])
    breaker.answered()
    assert.equal(await sent(), 8)
    assert.equal(breaker.enter({}, CALLER), undefined)
  })

  it('resumes the others when a probe moves more than a socket buffers', async (t) => {
    const breaker = openBreaker(t)
    const probe = {}
    const waiting = [entered(breaker, probe), entered(breaker, {})]
    t.mock.timers.tick(1010)
    breaker.moved(probe, 64 * 1024)
    await settled()
    assert.equal(waiting[1]!.turn?.outcome, undefined)
    breaker.moved(probe, 257 * 1024)
    await settled()
    assert.equal(waiting[1]!.turn?.outcome, 'send')
  })

  it('gives the probe to another one when it ends without a verdict', async (t) => {
    const breaker = openBreaker(t)
    const probe = {}
    const waiting = [entered(breaker, probe), entered(breaker, {})]
    t.mock.timers.tick(1010)
    await settled()
    breaker.released(probe)
    t.mock.timers.tick(10)
    await settled()
    assert.equal(waiting[1]!.turn?.outcome, 'send')
  })

  it('ends waiting when the patience of the caller is over, and counts no time in which the process was stopped', async (t) => {
    const breaker = openBreaker(t)
    const probe = {}
    entered(breaker, probe)
    t.mock.timers.tick(1010)
    const late = entered(breaker, {}, { patienceMs: 5000, signals: [] })
    t.mock.timers.tick(2000)
    // The clock jumps, and one timer is due.
    const now = performance.now() + 600_000
    t.mock.method(performance, 'now', () => now)
    t.mock.timers.tick(10)
    await settled()
    assert.equal(late.turn?.outcome, undefined)
  })

  it('ends waiting by a signal and by being disabled', async (t) => {
    const breaker = openBreaker(t)
    const cancel = new AbortController()
    const caller = { patienceMs: 5000, signals: [cancel.signal] }
    const waiting = [entered(breaker, {}, caller), entered(breaker, {})]
    cancel.abort()
    await settled()
    assert.deepEqual(
      waiting.map(({ turn }) => turn?.outcome),
      ['ended', undefined],
    )
    breaker.disable()
    await settled()
    assert.equal(waiting[1]!.turn?.outcome, 'ended')
    assert.equal(breaker.enter({}, CALLER), undefined)
  })

  it('ends the waiting of a caller without patience, and reports how long it waited', async (t) => {
    const breaker = openBreaker(t)
    entered(breaker, {})
    t.mock.timers.tick(1010)
    const late = entered(breaker, {}, { patienceMs: 2500, signals: [] })
    t.mock.timers.tick(2400)
    await settled()
    assert.equal(late.turn?.outcome, undefined)
    t.mock.timers.tick(200)
    await settled()
    const { outcome, waitedMs } = late.turn!
    assert.equal(outcome, 'late')
    assert.ok(waitedMs > 2490, String(waitedMs))
  })
})
