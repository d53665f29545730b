import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ProgressReports } from '../../src/flow/progress-reports.js'
import { until } from '../support/until.js'

const never = (error: Error): void => assert.fail(error)

describe('reports of progress', () => {
  it('are emitted at each interval, and passed to a callback again only when it has settled', async () => {
    let emitted = 0
    let reported = 0
    let settle: () => void = () => undefined
    const report = async () => {
      reported += 1
      await new Promise<void>((resolve) => (settle = resolve))
    }
    const reports = new ProgressReports({ emit: () => void (emitted += 1), report }, never)
    await until(() => emitted >= 3)
    assert.equal(reported, 1)
    settle()
    await until(() => reported === 2)
    const finished = reports.finish()
    settle()
    await until(() => reported === 3)
    settle()
    await finished
  })

  for (const failing of ['emit', 'report'] as const) {
    it(`end when ${failing} throws, and so does their end`, async () => {
      const failure = new Error(`${failing} failed`)
      const failures: Error[] = []
      let calls = 0
      const fail = (): void => {
        calls += 1
        throw failure
      }
      const reports = new ProgressReports({ report: () => undefined, [failing]: fail }, (error) => failures.push(error))
      await until(() => failures.length > 0)
      await assert.rejects(reports.finish(), failure)
      assert.deepEqual([failures, calls], [[failure], 1])
    })
  }
})
