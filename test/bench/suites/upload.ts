/** One object of unknown size, uploaded by everybody. */
import type { BenchOptions } from '../bench-options.js'
import { cellsOf, type Figures, figuresOf, TITLES } from '../figures.js'
import { type Cost, cpuSeconds, NO_WARM_UP } from '../job.js'
import { measure, type Outcome } from '../measure.js'
import type { SuiteTools } from '../suite.js'
import { median } from '../statistics.js'
import { formatTable, times } from '../table.js'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

export async function benchUpload(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const { size, runs, partSize, concurrency } = options
  const results: Record<string, unknown> = {}
  for (const scheme of options.schemes) {
    const tls = scheme === 'https'
    const job = { size, partSize, concurrency, objects: 1, inFlight: 1, warmUp: NO_WARM_UP }
    const outcomes = await measure(tools.contenders, { job, tls, delayMs: 0, runs }, tools)
    const rows = outcomes.map(({ costs, failure }) =>
      failure === undefined ? uploadFiguresOf(costs, size) : undefined,
    )
    results[scheme] = outcomes.map(({ contender: { name }, failure }, i) => ({ name, failure, ...rows[i] }))
    tools.print(`\n${describe(options)}, ${tls ? 'TLS' : 'plain HTTP'}\n\n${table(outcomes, rows)}`)
  }
  return results
}

interface UploadFigures extends Figures {
  /** Above what the process held before the upload began. */
  addedMiB: number
  /** The share of the time that the receiver was at work: near 1 it is what was measured. NaN where it does not tell. */
  receiverBusy: number
}

function uploadFiguresOf(costs: readonly Cost[], size: number): UploadFigures {
  return {
    ...figuresOf(
      costs.map((cost) => ({ ...cost, cpuSeconds: cpuSeconds(cost) })),
      size,
    ),
    addedMiB: median(costs.map(({ peakRss, ownRss }) => (peakRss - ownRss) / MIB)),
    receiverBusy: median(costs.map(({ receiverSeconds = NaN, wallSeconds }) => receiverSeconds / wallSeconds)),
  }
}

function describe({ size, partSize, concurrency, runs }: BenchOptions): string {
  return `${size / GIB} GiB in parts of ${partSize / MIB} MiB, ${concurrency} in flight, medians of ${runs}`
}

function table(outcomes: readonly Outcome[], rows: readonly (UploadFigures | undefined)[]): string {
  const first = rows[0]
  const notes: string[] = []
  const lines = outcomes.flatMap(({ contender: { name }, failure }, i) => {
    const row = rows[i]
    if (row === undefined) {
      notes.push(`${name}: ${failure}`)
      return []
    }
    const { peakMiB, addedMiB, receiverBusy } = row
    const cells = [
      name,
      ...cellsOf(row, first),
      times(peakMiB, first?.peakMiB),
      `+${addedMiB.toFixed(0)}`,
      Number.isNaN(receiverBusy) ? '' : `${(receiverBusy * 100).toFixed(0)} %`,
    ]
    return [cells]
  })
  const titles = ['', ...TITLES, '', 'by the upload', 'receiver busy']
  const remarks = outcomes.map(({ contender: { name, remark } }) => `${name}: ${remark}`)
  return [formatTable(titles, lines), ...notes, '', ...remarks].join('\n')
}
