import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { PartBuffer } from '../../src/checksum/crc64.js'
import { tableEngine } from '../../src/checksum/engines/table-engine.js'
import { BufferPool, type BufferRequest } from '../../src/memory/buffer-pool.js'
import { until } from '../support/until.js'

const { signal } = new AbortController()

/** Whether the promise has settled by now; all that was ready has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  await new Promise(setImmediate)
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(pending)])) === pending
}

describe('a buffer pool', () => {
  it('hands out buffers of any size while they fit, and not one byte more', () => {
    const pool = new BufferPool(tableEngine, 100)
    const buffers = [pool.tryAcquire(60), pool.tryAcquire(40)]
    assert.deepEqual(
      buffers.map((buffer) => buffer?.capacity),
      [60, 40],
    )
    assert.equal(pool.handedOutBytes, 100)
    assert.equal(pool.tryAcquire(1), undefined)
  })

  it('reuses a buffer, empty', () => {
    const pool = new BufferPool(tableEngine, 100)
    const first = pool.tryAcquire(10)!
    first.append(Buffer.from('abc'), 0, 3)
    pool.release(first)
    const second = pool.tryAcquire(10)!
    assert.equal(second, first)
    assert.equal(second.length, 0)
    assert.equal(second.digest(), 0n)
  })

  it('drops buffers of another size when it needs the room', () => {
    const pool = new BufferPool(tableEngine, 100)
    const [a, b, c] = [pool.tryAcquire(40)!, pool.tryAcquire(40)!, pool.tryAcquire(10)!]
    pool.release(a)
    pool.release(b)
    assert.equal(pool.keptBytes, 80)
    assert.equal(pool.tryAcquire(30)?.capacity, 30)
    assert.equal(pool.handedOutBytes, 40)
    assert.equal(pool.keptBytes, 40)
    pool.release(c)
  })

  it('drops buffers that a larger one has replaced', () => {
    const pool = new BufferPool(tableEngine, 100)
    const small = Array.from({ length: 4 }, () => pool.tryAcquire(10)!)
    const held = pool.tryAcquire(5)!
    for (const buffer of small) pool.release(buffer)
    const large = pool.tryAcquire(20)!
    assert.equal(pool.keptBytes, 20)
    pool.release(large)
    assert.equal(pool.tryAcquire(15)?.capacity, 15)
    assert.equal(pool.keptBytes, 20)
    pool.release(held)
  })

  it('keeps a reserve of a quarter when nothing is under way', () => {
    const pool = new BufferPool(tableEngine, 80)
    const buffers = Array.from({ length: 8 }, () => pool.tryAcquire(10)!)
    for (const buffer of buffers) pool.release(buffer)
    assert.equal(pool.handedOutBytes, 0)
    assert.equal(pool.keptBytes, 20)
  })

  it('lets smaller wishes overtake a larger one, by an eighth of the memory and no more', async () => {
    const pool = new BufferPool(tableEngine, 100)
    const [a, b] = [pool.tryAcquire(60)!, pool.tryAcquire(30)!]
    const large = pool.acquire(90, signal)
    const first = pool.acquire(5, signal)
    const second = pool.acquire(5, signal)
    const third = pool.acquire(5, signal)
    assert.deepEqual([(await first).capacity, (await second).capacity], [5, 5])
    pool.release(b)
    assert.equal(await isPending(large), true)
    assert.equal(await isPending(third), true)
    assert.equal(pool.tryAcquire(3), undefined)
    pool.release(a)
    pool.release(await first)
    assert.equal((await large).capacity, 90)
    assert.equal((await third).capacity, 5)
    assert.equal(pool.handedOutBytes, 100)
  })

  it('refuses a buffer that it did not hand out, or that was released already', () => {
    const pool = new BufferPool(tableEngine, 100)
    const buffer = pool.tryAcquire(10)!
    pool.release(buffer)
    assert.throws(() => pool.release(buffer), /not handed out/)
    assert.throws(() => pool.markMoving(tableEngine.createPartBuffer(10)), /not handed out/)
  })

  it('hands out available buffers at once, also to callers that would wait', async () => {
    const pool = new BufferPool(tableEngine, 100)
    assert.equal((await pool.acquire(100, signal)).capacity, 100)
  })

  it('stops waiting when the signal says so, and serves the next', async () => {
    const pool = new BufferPool(tableEngine, 100)
    const held = pool.tryAcquire(50)!
    const cancel = new AbortController()
    const large = pool.acquire(100, cancel.signal)
    const small = pool.acquire(50, signal)
    const reason = new Error('enough')
    cancel.abort(reason)
    await assert.rejects(large, reason)
    assert.equal((await small).capacity, 50)
    pool.release(held)
    assert.equal(pool.handedOutBytes, 50)
  })

  it('does not wait if the signal is aborted, and converts any reason to an error', async () => {
    const pool = new BufferPool(tableEngine, 100)
    const reason = new Error('enough')
    await assert.rejects(pool.acquire(1, AbortSignal.abort(reason)), reason)
    const held = pool.tryAcquire(100)!
    const cancel = new AbortController()
    const waiting = pool.acquire(1, cancel.signal)
    cancel.abort('a text')
    await assert.rejects(waiting, /a text/)
    pool.release(held)
    assert.equal(pool.handedOutBytes, 0)
  })

  it('listens to no signal any more when it has served', async () => {
    const pool = new BufferPool(tableEngine, 100)
    const held = pool.tryAcquire(100)!
    const cancel = new AbortController()
    const waiting = pool.acquire(100, cancel.signal)
    pool.release(held)
    await waiting
    cancel.abort()
    assert.equal(pool.handedOutBytes, 100)
  })

  it('rejects waiting requests if the machine has no memory, and continues', async () => {
    let isFull = false
    const engine = {
      createPartBuffer: (capacity: number): PartBuffer => {
        if (isFull) throw new RangeError('Array buffer allocation failed')
        return tableEngine.createPartBuffer(capacity)
      },
    }
    const pool = new BufferPool(engine, 100)
    const held = pool.tryAcquire(60)!
    const waiting = [pool.acquire(70, signal), pool.acquire(80, signal)]
    isFull = true
    pool.release(held)
    for (const each of waiting) await assert.rejects(each, /allocation failed/)
    assert.equal(pool.handedOutBytes, 0)
    assert.throws(() => pool.tryAcquire(10), /allocation failed/)
    isFull = false
    assert.equal(pool.tryAcquire(100)?.capacity, 100)
  })

  it('keeps its promise through any order of taking, giving back and giving up', async () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('acquire' as const), capacity: fc.integer({ min: 1, max: 100 }) }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat() }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const pool = new BufferPool(tableEngine, 100)
        const held: PartBuffer[] = []
        const waiting: { number: number; cancel: AbortController; promise: Promise<void> }[] = []
        let servedOutOfTurn = 0
        const waitingFor: number[] = []
        const check = () => {
          assert.ok(pool.handedOutBytes >= 0 && pool.keptBytes >= 0)
          assert.ok(pool.handedOutBytes + pool.keptBytes <= 100)
        }
        for (const [number, action] of steps.entries()) {
          if (action.do === 'acquire') {
            const cancel = new AbortController()
            const promise = pool.acquire(action.capacity, cancel.signal).then(
              (buffer) => {
                held.push(buffer)
                const [oldest] = waitingFor
                if (oldest !== number) servedOutOfTurn += buffer.capacity
                else servedOutOfTurn = 0
                waitingFor.splice(waitingFor.indexOf(number), 1)
                assert.ok(servedOutOfTurn <= 100 / 8)
              },
              () => undefined,
            )
            waitingFor.push(number)
            waiting.push({ number, cancel, promise })
          } else if (action.do === 'release') {
            const [buffer] = held.splice(held.length === 0 ? 0 : action.which % held.length, 1)
            if (buffer !== undefined) pool.release(buffer)
          } else if (waiting.length > 0) {
            const { number: leaving, cancel } = waiting[action.which % waiting.length]!
            const place = waitingFor.indexOf(leaving)
            if (place === 0) servedOutOfTurn = 0
            // Before its promise says so: who is served in its place may hear of that first.
            if (place >= 0) waitingFor.splice(place, 1)
            cancel.abort()
          }
          check()
          await Promise.resolve()
          await Promise.resolve()
          await Promise.resolve()
          check()
          assert.equal(
            pool.handedOutBytes,
            held.reduce((sum, { capacity }) => sum + capacity, 0),
          )
        }
        // Giving all back serves all who wait: nobody is forgotten.
        for (let round = 0; round <= steps.length; round += 1) {
          for (const buffer of held.splice(0)) pool.release(buffer)
          await new Promise(setImmediate)
        }
        await Promise.all(waiting.map(({ promise }) => promise))
        for (const buffer of held.splice(0)) pool.release(buffer)
        assert.equal(pool.handedOutBytes, 0)
        assert.deepEqual(waitingFor, [])
      }),
      { numRuns: 60 },
    )
  })
})

describe('buffers that rest', () => {
  const resting = (capacity: number) => ({ capacity, use: 'resting', held: 0 }) as const
  const stuck = (capacity: number) => ({ capacity, use: 'stuck', held: 0 }) as const
  const fail = (error: Error) => assert.fail(error)

  function wait(pool: BufferPool, request: BufferRequest): { buffer?: PartBuffer; leave: () => void } {
    const waiting: { buffer?: PartBuffer; leave: () => void } = { leave: () => undefined }
    waiting.leave = pool.request(request, (buffer) => (waiting.buffer = buffer), fail)
    return waiting
  }

  const capacityOf = ({ buffer }: { buffer?: PartBuffer }) => buffer?.capacity

  it('leave room for one first buffer, unless there is one alone', () => {
    const pool = new BufferPool(tableEngine, 80)
    const alone = pool.tryRequest(resting(80))!
    pool.release(alone)
    assert.equal(pool.tryRequest(resting(40))?.capacity, 40)
    assert.equal(pool.tryRequest(resting(31)), undefined)
    assert.equal(pool.tryRequest(resting(30))?.capacity, 30)
    assert.equal(pool.tryExchange(resting(10))?.capacity, 10)
    assert.equal(pool.tryExchange(resting(1)), undefined)
  })

  it('come first if they are exchanged for larger ones', () => {
    const pool = new BufferPool(tableEngine, 80)
    const moving = pool.tryAcquire(60)!
    const small = pool.tryRequest(resting(10))!
    const early = wait(pool, resting(50))
    const late = wait(pool, { ...resting(50), held: 1 })
    pool.release(moving)
    assert.equal(capacityOf(late), 50)
    assert.equal(capacityOf(early), undefined)
    pool.release(small)
    early.leave()
    if (late.buffer !== undefined) pool.release(late.buffer)
    assert.equal(pool.handedOutBytes, 0)
  })

  it('hold at most half if they could not be sent; later requests use their alternative', () => {
    const pool = new BufferPool(tableEngine, 80)
    for (let i = 0; i < 4; i += 1) assert.equal(pool.tryRequest(stuck(10))?.capacity, 10)
    assert.equal(pool.tryRequest(stuck(10)), undefined)
    assert.equal(pool.tryExchange(stuck(10)), undefined)
    const other = pool.tryRequest({ ...stuck(10), orElse: { capacity: 30, use: 'resting' } })
    assert.equal(other?.capacity, 30)
    const waiting = wait(pool, { ...stuck(10), orElse: { capacity: 25, use: 'resting' } })
    pool.release(other)
    assert.equal(capacityOf(waiting), 25)
  })

  it('leave room for the full part of an owner whose buffer could not be sent', () => {
    const pool = new BufferPool(tableEngine, 80)
    const ofLargePart = { ...stuck(10), fullSize: 60 }
    const first = pool.tryRequest(ofLargePart)!
    assert.equal(pool.tryRequest(ofLargePart)?.capacity, 10)
    assert.equal(pool.tryRequest(ofLargePart), undefined)
    assert.equal(pool.tryRequest({ ...resting(60), held: 10 })?.capacity, 60)
    pool.release(first)
  })

  it('stay as they are where the machine has no memory to exchange them', () => {
    let isFull = false
    const pool = new BufferPool(
      {
        createPartBuffer: (capacity) => {
          if (isFull) throw new RangeError('Array buffer allocation failed')
          return tableEngine.createPartBuffer(capacity)
        },
      },
      80,
    )
    pool.tryRequest(resting(40))
    isFull = true
    assert.equal(pool.tryExchange(resting(10)), undefined)
    const held = wait(pool, resting(70))
    assert.throws(() => pool.tryRequest(resting(10)), /allocation failed/)
    held.leave()
  })

  it('are kept if no request waits, or memory moves', async () => {
    const pool = new BufferPool(tableEngine, 80, 0)
    const asked: string[] = []
    const buffer = pool.tryRequest(resting(40))!
    pool.addHolder({
      sendable: 40,
      sendShort: () => {
        asked.push('send')
        pool.markMoving(buffer)
      },
      shrink: () => {
        asked.push('shrink')
        return false
      },
    })
    const moving = pool.tryAcquire(40)!
    const waiting = wait(pool, resting(20))
    await sleep(5)
    assert.deepEqual(asked, [])
    assert.equal(capacityOf(waiting), undefined)
    pool.release(moving)
    assert.equal(capacityOf(waiting), 20)
    const next = wait(pool, resting(50))
    await sleep(5)
    assert.deepEqual(asked, ['shrink', 'send'])
    pool.release(buffer)
    assert.equal(capacityOf(next), 50)
  })

  it('serve requests out of order, if no buffer can be freed', async () => {
    const pool = new BufferPool(tableEngine, 80, 0)
    const held = pool.tryRequest(resting(40))!
    const large = wait(pool, resting(60))
    const medium = wait(pool, resting(20))
    const modest = wait(pool, { ...resting(50), orElse: { capacity: 10, use: 'resting' } })
    assert.equal(capacityOf(medium), undefined)
    await until(() => capacityOf(modest) !== undefined)
    assert.deepEqual([medium, modest, large].map(capacityOf), [20, 10, undefined])
    for (const { buffer } of [{ buffer: held }, medium, modest]) if (buffer !== undefined) pool.release(buffer)
    assert.equal(capacityOf(large), 60)
  })
})
