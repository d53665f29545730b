/**
 * Many objects of 1 KiB, each a stream of its own and one request, against the same requests by plain undici: to a
 * receiver that answers at once, which shows what the client costs, and to some that take as long as stores do.
 */
import type { BenchOptions } from '../bench-options.js'
import { floor } from '../contenders/floor.js'
import { ours } from '../contenders/ours.js'
import { cpuSeconds } from '../job.js'
import { measure } from '../measure.js'
import { median } from '../statistics.js'
import type { SuiteTools } from '../suite.js'
import { formatTable, times } from '../table.js'

const SIZE = 1024
const OBJECTS = 10_000
const IN_FLIGHT = 32
const DELAYS_MS = [0, 5, 20]

export async function benchSmall(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const { runs, partSize, concurrency } = options
  const job = {
    size: SIZE,
    partSize,
    concurrency,
    objects: OBJECTS,
    inFlight: IN_FLIGHT,
    warmUp: { size: SIZE, objects: OBJECTS },
  }
  const results: Record<string, unknown> = {}
  for (const scheme of options.schemes) {
    for (const delayMs of DELAYS_MS) {
      const setting = { job, kind: 'bytes', tls: scheme === 'https', delayMs, runs } as const
      const outcomes = await measure([floor, ours], setting, tools)
      const rows = outcomes.map(({ contender: { name }, costs, failure }) => ({
        name,
        failure,
        perSecond: median(costs.map(({ wallSeconds }) => OBJECTS / wallSeconds)),
        cpuMicroseconds: median(costs.map((cost) => (cpuSeconds(cost) / OBJECTS) * 1e6)),
      }))
      const [base] = rows
      const lines = rows.map(({ name, perSecond, cpuMicroseconds, failure }) => [
        name,
        perSecond.toFixed(0),
        times(perSecond, base?.perSecond),
        cpuMicroseconds.toFixed(0),
        times(cpuMicroseconds, base?.cpuMicroseconds),
        failure ?? '',
      ])
      const answers = delayMs === 0 ? 'answers at once' : `answers after ${delayMs} ms`
      results[`${scheme}, ${answers}`] = rows
      tools.print(
        `\n${OBJECTS} objects of 1 KiB, ${IN_FLIGHT} at a time, ${scheme}, ${answers}, medians of ${runs}, warm\n`,
      )
      tools.print(formatTable(['', 'objects/s', '', 'CPU µs each', '', ''], lines))
    }
  }
  return results
}
