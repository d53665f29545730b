import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { uploading } from './carry-out.js'
import { chaos } from './chaos.js'
import { CRASHES } from './crashes/crashes.js'
import { RESPONSES } from './foreign/responses.js'
import { SOURCES } from './foreign/sources.js'
import { INTERLEAVINGS } from './interleavings/interleaved.js'
import { UPLOAD_METHODS } from './plan.js'
import { READING } from './reading/read-out.js'
import { SOCKETS } from './sockets/through-broken-line.js'
import { VALUES_OF_OPTIONS } from './values.js'

/** The same in every run of the tests; found so that each has uploads that are stored and uploads that fail. */
const PINNED = { stream: 1, descriptor: 2, file: 4, command: 3 }

describe('an upload among faults', () => {
  for (const method of UPLOAD_METHODS) {
    it(`by a ${method} is stored whole and verified, or leaves nothing behind`, async () => {
      const { runs, stored } = await chaos(uploading([method]), 20, PINNED[method])
      assert.ok(stored > 0 && stored < runs, `${stored} of ${runs} stored`)
    })
  }

  // A new seed each time; a failure prints it. `npm run test:chaos -- --runs 2000 --seed N` runs more of them.
  it('by any method is stored whole and verified, or leaves nothing behind', async (t) => {
    const { runs, stored, failed } = await chaos(uploading(), 60, Math.floor(Math.random() * 2 ** 31))
    assert.ok(runs >= 60)
    t.diagnostic(`${stored} stored, ${runs - stored} failed: ${JSON.stringify(Object.fromEntries(failed))}`)
  })
})

describe('a download among faults', () => {
  it('is read whole and verified, or fails without a wrong byte', async () => {
    const { runs, stored } = await chaos(READING, 30, 1)
    assert.ok(stored > 0 && stored < runs, `${stored} of ${runs} read`)
  })

  // A new seed each time, as above: `npm run test:chaos -- --runs 2000 --method download --seed N`.
  it('is so by any seed', async (t) => {
    const { runs, stored, failed } = await chaos(READING, 20, Math.floor(Math.random() * 2 ** 31))
    assert.ok(runs >= 20)
    t.diagnostic(`${stored} read, ${runs - stored} failed: ${JSON.stringify(Object.fromEntries(failed))}`)
  })
})

describe('a call with options of any values', () => {
  it('succeeds, or fails with an error of ours or of the caller, and leaves nothing behind', async () => {
    const { runs, stored } = await chaos(VALUES_OF_OPTIONS, 200, 1)
    assert.ok(stored > 0 && stored < runs, `${stored} of ${runs} succeeded`)
  })

  // A new seed each time, as above: `npm run test:chaos -- --runs 2000 --method values --seed N`.
  it('does so by any seed', async (t) => {
    const { runs, stored, failed } = await chaos(VALUES_OF_OPTIONS, 200, Math.floor(Math.random() * 2 ** 31))
    assert.ok(runs >= 200)
    t.diagnostic(`${stored} succeeded, ${runs - stored} failed: ${JSON.stringify(Object.fromEntries(failed))}`)
  })
})

// `npm run test:chaos -- --runs 2000 --method sockets --seed N`, and so on, runs more of them.
describe('a search by seed', () => {
  const searches = {
    'of sockets that are cut, slow, or speak no HTTP': async () => chaos(SOCKETS, 25, 3),
    'of the interleavings of every asynchronous step': async () => chaos(INTERLEAVINGS, 200, 4),
    'of foreign values in responses': async () => chaos(RESPONSES, 40, 5),
    'of processes that end, and files that fail, between any two steps': async () => chaos(CRASHES, 20, 7),
    'of foreign chunks, and of what sources and callbacks throw': async () => chaos(SOURCES, 60, 6),
  }
  for (const [what, search] of Object.entries(searches)) {
    it(`finds nothing that is lost, left behind or without an end: ${what}`, async () => {
      const { runs, stored } = await search()
      assert.ok(stored > 0 && stored < runs, `${stored} of ${runs} stored`)
    })
  }
})
