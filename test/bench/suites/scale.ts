/** Whether cost grows with what is uploaded: what a byte costs in ever larger objects, and a part among ever more of them. */
import type { BenchOptions } from '../bench-options.js'
import type { Contender } from '../contender.js'
import { floorRecycled } from '../contenders/floor-recycled.js'
import { ours } from '../contenders/ours.js'
import { cpuSeconds, type Job } from '../job.js'
import { measure } from '../measure.js'
import { median } from '../statistics.js'
import type { SuiteTools } from '../suite.js'
import { formatTable, times } from '../table.js'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
const SMALLEST_OBJECT = 64 * MIB
const SMALLEST_PART = 100 * 1024
const PART_COUNTS = [10, 100, 1000, 10_000]
/** The code is compiled, and buffers are there, before anything is measured: that is no cost of the bytes that follow. */
const WARM_UP = 512 * MIB

interface Row {
  label: string
  ours: number
  floor: number
  peakMiB: number
}

export async function benchScale(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const { partSize, size } = options
  const bytes: Row[] = []
  for (let object = SMALLEST_OBJECT; object <= size; object *= 4) {
    const label = object < GIB ? `${object / MIB} MiB` : `${object / GIB} GiB`
    bytes.push(await row(label, { size: object, partSize, unit: object / GIB }, options, tools))
  }
  tools.print(`\nA byte in larger objects, CPU seconds per GiB\n\n${table('CPU-s/GiB', bytes, 2)}`)
  const parts: Row[] = []
  for (const count of PART_COUNTS) {
    const setting = { size: count * SMALLEST_PART, partSize: SMALLEST_PART, unit: count / 1e6 }
    parts.push(await row(`${count} parts`, setting, options, tools))
  }
  tools.print(`\nA part of 100 KiB among more of them, CPU microseconds each\n\n${table('CPU µs/part', parts, 0)}`)
  return { bytes, parts }
}

async function row(
  label: string,
  { size, partSize, unit }: { size: number; partSize: number; unit: number },
  { runs, concurrency, schemes }: BenchOptions,
  tools: SuiteTools,
): Promise<Row> {
  const job: Omit<Job, 'contender' | 'kind' | 'file' | 'endpoint'> = {
    ...{ size, partSize, concurrency, objects: 1, inFlight: 1 },
    warmUp: { size: WARM_UP, objects: 1 },
  }
  const contenders: Contender[] = [floorRecycled, ours]
  const outcomes = await measure(contenders, { job, tls: schemes[0] === 'https', delayMs: 0, runs }, tools)
  for (const { contender, failure } of outcomes) {
    if (failure !== undefined) throw new Error(`${contender.name}: ${failure}`)
  }
  const [floor = NaN, own = NaN] = outcomes.map(({ costs }) => median(costs.map((cost) => cpuSeconds(cost) / unit)))
  const peakMiB = median(outcomes.at(-1)?.costs.map(({ peakRss }) => peakRss / MIB) ?? [])
  return { label, ours: own, floor, peakMiB }
}

function table(unit: string, rows: readonly Row[], digits: number): string {
  const [first] = rows
  const lines = rows.map(({ label, ours: own, floor, peakMiB }) => [
    label,
    own.toFixed(digits),
    times(own, first?.ours),
    peakMiB.toFixed(0),
    floor.toFixed(digits),
    times(floor, first?.floor),
  ])
  return formatTable(['', unit, '', 'peak MiB', `${floorRecycled.name}: ${unit}`, ''], lines)
}
