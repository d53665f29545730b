/** What people run: bytes of a pipe, none of which repeat, uploaded by every client in a process of its own. */
import process from 'node:process'
import { programOf, PROGRAM_OPTIONS } from '../../support/project.js'
import type { BenchOptions } from '../bench-options.js'
import { environmentFor, PIPE_CLIENTS, type PipeClient, versionOf } from '../pipe/clients.js'
import { type PipeCost, runPipe } from '../pipe/run-pipe.js'
import { median } from '../statistics.js'
import type { SuiteTools } from '../suite.js'
import { formatTable, times } from '../table.js'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
/** All are compared to it. */
const BASE = 'floor, read and send'

interface Outcome {
  client: PipeClient
  version: string | undefined
  costs: PipeCost[]
  failure?: string
}

export async function benchPipe(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const results: Record<string, unknown> = {}
  const clients = PIPE_CLIENTS.filter(({ name }) => isAskedFor(name, options.only))
  for (const scheme of options.schemes) {
    const outcomes = await measurePipes(clients, scheme === 'https', options, tools)
    const rows = outcomes.map(({ client: { name }, version, costs, failure }) => ({
      name,
      version,
      failure,
      ...figuresOf(costs, options.size),
    }))
    results[scheme] = rows
    tools.print(`\n${describe(options)}, ${scheme === 'https' ? 'TLS' : 'plain HTTP'}\n\n${table(outcomes, rows)}`)
  }
  return results
}

function isAskedFor(name: string, words: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => name.includes(word))
}

async function measurePipes(
  clients: readonly PipeClient[],
  tls: boolean,
  { size, partSize, concurrency, runs }: BenchOptions,
  { receivers, onTurn }: SuiteTools,
): Promise<Outcome[]> {
  const producer = [process.execPath, ...PROGRAM_OPTIONS, programOf('test/bench/pipe/producer.ts'), String(size)]
  const outcomes = clients.map((client): Outcome => {
    const version = client.version === undefined ? '' : versionOf(client.version)
    return { client, version, costs: [], ...(version === undefined ? { failure: 'skipped: not installed' } : {}) }
  })
  for (let run = 1; run <= runs; run += 1) {
    for (const outcome of outcomes.filter(({ failure }) => failure === undefined)) {
      const { client, costs } = outcome
      onTurn(client.name, run)
      const { endpoint, caFile, stats } = await receivers.get({ checksums: client.isVerified, delayMs: 0, tls })
      const target = { endpoint, partSize, concurrency, caFile }
      try {
        const before = await stats()
        costs.push(await runPipe(client, target, producer, environmentFor(target)))
        const after = await stats()
        const arrived = before === undefined || after === undefined ? size : after.bytes - before.bytes
        if (client.sends && arrived < size) throw new Error(`only ${arrived} bytes arrived`)
      } catch (error) {
        outcome.failure = error instanceof Error ? error.message : String(error)
      }
    }
  }
  return outcomes
}

interface Figures {
  cpuPerGiB: number
  least: number
  most: number
  mibPerSecond: number
  peakMiB: number
}

function figuresOf(costs: readonly PipeCost[], size: number): Figures {
  const cpu = costs.map(({ cpuSeconds }) => cpuSeconds / (size / GIB))
  return {
    cpuPerGiB: median(cpu),
    least: Math.min(...cpu),
    most: Math.max(...cpu),
    mibPerSecond: median(costs.map(({ wallSeconds }) => size / MIB / wallSeconds)),
    peakMiB: median(costs.map(({ peakRss }) => peakRss / MIB)),
  }
}

function describe({ size, partSize, concurrency, runs }: BenchOptions): string {
  return `${size / GIB} GiB from a pipe in parts of ${partSize / MIB} MiB, ${concurrency} in flight, medians of ${runs}, with the start of the process`
}

function table(outcomes: readonly Outcome[], rows: readonly (Figures & { name: string })[]): string {
  const base = rows.find(({ name }) => name === BASE)
  const measured = rows.filter((_, i) => outcomes[i]?.failure === undefined)
  const lines = measured.map(({ name, cpuPerGiB, least, most, mibPerSecond, peakMiB }) => [
    name,
    cpuPerGiB.toFixed(2),
    `(${least.toFixed(2)} - ${most.toFixed(2)})`,
    times(cpuPerGiB, base?.cpuPerGiB),
    mibPerSecond.toFixed(0),
    times(mibPerSecond, base?.mibPerSecond),
    Number.isNaN(peakMiB) ? '' : peakMiB.toFixed(0),
  ])
  const notes = outcomes.flatMap(({ client: { name }, failure }) =>
    failure === undefined ? [] : [`${name}: ${failure}`],
  )
  const remarks = outcomes.map(({ client: { name, remark }, version }) =>
    [`${name}: ${remark}`, version].filter(Boolean).join('; '),
  )
  return [
    formatTable(['', 'CPU-s/GiB', '(least - most)', '', 'MiB/s', '', 'peak MiB'], lines),
    ...notes,
    '',
    ...remarks,
  ].join('\n')
}
