import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import { Scheduler } from '../../src/flow/scheduler.js'

/** Tasks that end on demand. */
function startTasks(scheduler: Scheduler, count: number): (() => void)[] {
  return Array.from({ length: count }, () => {
    let end: () => void = () => undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    scheduler.run(() => ended)
    return end
  })
}

describe('a scheduler', () => {
  it('has room for as many tasks as it may run', async () => {
    const scheduler = new Scheduler({ limit: 2 })
    assert.equal(scheduler.hasRoom, true)
    const [end] = startTasks(scheduler, 2)
    assert.equal(scheduler.hasRoom, false)
    assert.equal(scheduler.running, 2)
    end!()
    await scheduler.room()
    assert.equal(scheduler.hasRoom, true)
    assert.equal(scheduler.running, 1)
  })

  it('uses another limit as soon as there is one', async () => {
    const concurrency = { limit: 3 }
    const scheduler = new Scheduler(concurrency)
    const ends = startTasks(scheduler, 3)
    concurrency.limit = 2
    let hasRoom = false
    const room = scheduler.room().then(() => (hasRoom = true))
    ends.shift()!()
    await nextTurn()
    assert.equal(hasRoom, false)
    ends.shift()!()
    await room
    concurrency.limit = 5
    startTasks(scheduler, 4)
    assert.equal(scheduler.hasRoom, false)
  })

  it('has room at once where there is some, and is idle at once where nothing runs', async () => {
    const scheduler = new Scheduler({ limit: 1 })
    await scheduler.room()
    await scheduler.idle()
  })

  it('is idle when its last task has ended, and resolves for all waiters', async () => {
    const scheduler = new Scheduler({ limit: 3 })
    const ends = startTasks(scheduler, 3)
    let idle = 0
    const waiting = [1, 2].map(() => scheduler.idle().then(() => (idle += 1)))
    for (const end of ends) {
      assert.equal(idle, 0)
      end()
      await new Promise(setImmediate)
    }
    await Promise.all(waiting)
    assert.equal(idle, 2)
    assert.equal(scheduler.running, 0)
  })

  it('never exceeds its limit if each task waits for room first', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat({ max: 4 }), { maxLength: 30 }),
        async (limit, turns) => {
          const scheduler = new Scheduler({ limit: limit })
          let running = 0
          let most = 0
          let ended = 0
          for (const count of turns) {
            await scheduler.room()
            scheduler.run(async () => {
              running += 1
              most = Math.max(most, running)
              for (let i = 0; i < count; i += 1) await Promise.resolve()
              running -= 1
              ended += 1
            })
          }
          await scheduler.idle()
          assert.ok(most <= limit)
          assert.equal(ended, turns.length)
          assert.equal(scheduler.running, 0)
        },
      ),
      { numRuns: 50 },
    )
  })
})
