/**
 * A distant store: every answer comes late. What the parts in flight allow then is a number of rounds, each of one
 * delay, and one more delay each for beginning and for completing the upload; sending counts as taking no time.
 */
import type { BenchOptions } from '../bench-options.js'
import { measure } from '../measure.js'
import { median } from '../statistics.js'
import type { SuiteTools } from '../suite.js'
import { formatTable } from '../table.js'

const MIB = 1024 ** 2
const DELAYS_MS = [50, 200]
const ROUNDS = 40
/** So little that sending it takes a small part of a delay. */
const PART_SIZE = MIB

export async function benchLatency(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const { runs, concurrency, schemes } = options
  const contenders = tools.contenders.filter(({ from }) => from === 'stream')
  const results: Record<string, unknown> = {}
  for (const delayMs of DELAYS_MS) {
    const size = ROUNDS * concurrency * PART_SIZE
    const allowedSeconds = ((ROUNDS + 2) * delayMs) / 1000
    const warmUp = { size: 4 * concurrency * PART_SIZE, objects: 1 }
    const job = { size, partSize: PART_SIZE, concurrency, objects: 1, inFlight: 1, warmUp }
    const outcomes = await measure(contenders, { job, tls: schemes[0] === 'https', delayMs, runs }, tools)
    const rows = outcomes.map(({ contender: { name }, costs, failure }) => {
      const seconds = median(costs.map(({ wallSeconds }) => wallSeconds))
      return { name, failure, mibPerSecond: size / MIB / seconds, ofAllowed: allowedSeconds / seconds }
    })
    results[`${delayMs} ms`] = rows
    const lines = rows.map(({ name, mibPerSecond, ofAllowed, failure }) => [
      name,
      ...(failure === undefined ? [mibPerSecond.toFixed(1), `${(ofAllowed * 100).toFixed(0)} %`] : ['', '', failure]),
    ])
    const allowed = (size / MIB / allowedSeconds).toFixed(1)
    tools.print(
      `\n${delayMs} ms added to each request, ${concurrency} parts of 1 MiB in flight: at most ${allowed} MiB/s\n`,
    )
    tools.print(formatTable(['', 'MiB/s', 'of that', ''], lines))
  }
  return results
}
