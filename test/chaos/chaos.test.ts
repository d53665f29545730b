import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chaos } from './chaos.js'

describe('an upload among faults', () => {
  // A new seed each time; a failure prints it. `npm run test:chaos -- --runs 2000 --seed N` runs more of them.
  it('is stored whole and verified, or leaves nothing behind', async (t) => {
    const { runs, stored, failed } = await chaos(60, Math.floor(Math.random() * 2 ** 31))
    assert.ok(runs >= 60)
    t.diagnostic(`${stored} stored, ${runs - stored} failed: ${JSON.stringify(Object.fromEntries(failed))}`)
  })
})
