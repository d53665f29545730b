/** What the turns of clients at a pipe come to: figures of each, and ratios of those that were measured turn by turn. */
import { cellsOf, type Figures, figuresOf, TITLES } from '../figures.js'
import { median } from '../statistics.js'
import { formatTable, times } from '../table.js'
import type { PipeClient } from './clients.js'
import type { PipeCost } from './run-pipe.js'

/** All are compared to it. */
const BASE = 'floor, read and send'

/** What all turns of one client cost, and why it had no more of them. */
export interface Outcome {
  client: PipeClient
  version: string | undefined
  costs: PipeCost[]
  failure?: string
}

interface PipeFigures extends Figures {
  name: string
  version: string | undefined
  failure: string | undefined
  wallMs: number
}

/** A client of this checkout as a multiple of another one: medians of the ratios of each turn. */
interface Comparison {
  name: string
  other: string
  cpu: number
  cpuLeast: number
  cpuMost: number
  throughput: number
}

export function pipeFiguresOf({ client: { name }, version, failure, costs }: Outcome, size: number): PipeFigures {
  const wallMs = median(costs.map(({ wallSeconds }) => wallSeconds * 1000))
  return { name, version, failure, ...figuresOf(costs, size), wallMs }
}

/** Each client of this checkout against the floor, its own kind in other checkouts, and the clients of others. */
export function comparisons(outcomes: readonly Outcome[]): Comparison[] {
  const measured = outcomes.filter(({ failure }) => failure === undefined)
  return measured
    .filter(({ client }) => client.revision === '')
    .flatMap((ours) =>
      measured.filter(({ client }) => isOpponent(client, ours.client)).map((other) => compare(ours, other)),
    )
}

/** Those that had no command of their own are measured by the command that reads a pipe. */
function isOpponent(other: PipeClient, { job }: PipeClient): boolean {
  if (other.revision === undefined) return other.sends
  return other.revision !== '' && other.job === (job === 'command' ? 'put' : job)
}

function compare(ours: Outcome, other: Outcome): Comparison {
  const ratios = (figure: (cost: PipeCost) => number): number[] =>
    ours.costs.map((cost, turn) => figure(cost) / figure(other.costs[turn] ?? cost))
  const cpu = ratios(({ cpuSeconds }) => cpuSeconds)
  return {
    name: ours.client.name,
    other: other.client.name,
    cpu: median(cpu),
    cpuLeast: Math.min(...cpu),
    cpuMost: Math.max(...cpu),
    throughput: median(ratios(({ wallSeconds }) => 1 / wallSeconds)),
  }
}

export function pipeTable(outcomes: readonly Outcome[], size: number, compared: readonly Comparison[]): string {
  const rows = outcomes.map((outcome) => pipeFiguresOf(outcome, size))
  const base = rows.find(({ name, failure }) => name === BASE && failure === undefined)
  const lines = rows.map((row) =>
    row.failure === undefined ? [row.name, ...cellsOf(row, base)] : [row.name, wordOf(row.failure)],
  )
  const ratios = compared.map(({ name, other, cpu, cpuLeast, cpuMost, throughput }) => [
    `${name} / ${other}`,
    `${cpu.toFixed(2)} x`,
    `(${cpuLeast.toFixed(2)} - ${cpuMost.toFixed(2)})`,
    `${throughput.toFixed(2)} x`,
  ])
  return [
    formatTable(['', ...TITLES], lines),
    ...failuresOf(rows),
    '',
    'Turn by turn, medians:',
    formatTable(['', 'CPU', '(least - most)', 'throughput'], ratios),
    '',
    ...outcomes.map(({ client: { name, remark }, version }) =>
      [`${name}: ${remark}`, version].filter(Boolean).join('; '),
    ),
  ].join('\n')
}

export function smallTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => pipeFiguresOf(outcome, 2))
  const [base] = rows.filter(({ failure }) => failure === undefined)
  const lines = rows.map(({ name, failure, wallMs, peakMiB }) =>
    failure === undefined
      ? [name, wallMs.toFixed(0), times(wallMs, base?.wallMs), Number.isNaN(peakMiB) ? '' : peakMiB.toFixed(0)]
      : [name, wordOf(failure)],
  )
  return [formatTable(['', 'ms', '', 'peak MiB'], lines), ...failuresOf(rows)].join('\n')
}

/** `failed` or `skipped`, in the row itself. */
function wordOf(failure: string): string {
  return failure.split(':')[0]?.toUpperCase() ?? ''
}

function failuresOf(rows: readonly PipeFigures[]): string[] {
  return rows.flatMap(({ name, failure }) => (failure === undefined ? [] : [`${name} ${failure}`]))
}
