import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { describeKills, FILED, killRounds, PIPED } from './kill-rounds.js'
import { describeReadKills, killDownloads } from './reading/kill-downloads.js'

describe('an upload with a checkpoint whose process is killed again and again', () => {
  // A new seed each time; a failure names it. `npm run test:kills -- --rounds 50 --seed N` runs more of them.
  for (const [what, subject] of [
    ['of what is piped', PIPED],
    ['of a file', FILED],
  ] as const) {
    it(`is whole in the end, and little is sent again: ${what}`, async (t) => {
      const report = await killRounds(subject, 3, Math.floor(Math.random() * 2 ** 31))
      assert.equal(report.rounds, 3)
      t.diagnostic(describeKills(report))
    })
  }
})

describe('a download into a file whose process is killed again and again', () => {
  it('is whole in the end, and leaves the file as it was until then', async (t) => {
    const report = await killDownloads(3, Math.floor(Math.random() * 2 ** 31))
    assert.equal(report.rounds, 3)
    t.diagnostic(describeReadKills(report))
  })
})
