import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chaos } from './chaos.js'
import { WAYS } from './plan.js'

/** The same in every run of the tests; found so that each has uploads that are stored and uploads that fail. */
const PINNED = { stream: 1, descriptor: 2, command: 3 }

describe('an upload among faults', () => {
  for (const way of WAYS) {
    it(`by a ${way} is stored whole and verified, or leaves nothing behind`, async () => {
      const { runs, stored } = await chaos(20, PINNED[way], [way])
      assert.ok(stored > 0 && stored < runs, `${stored} of ${runs} stored`)
    })
  }

  // A new seed each time; a failure prints it. `npm run test:chaos -- --runs 2000 --seed N` runs more of them.
  it('by any way is stored whole and verified, or leaves nothing behind', async (t) => {
    const { runs, stored, failed } = await chaos(60, Math.floor(Math.random() * 2 ** 31))
    assert.ok(runs >= 60)
    t.diagnostic(`${stored} stored, ${runs - stored} failed: ${JSON.stringify(Object.fromEntries(failed))}`)
  })
})
