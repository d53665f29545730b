/** What people run: bytes of a pipe, none of which repeat, uploaded by every client in a process of its own. */
import process from 'node:process'
import { programOf, PROGRAM_OPTIONS, PROJECT } from '../../support/project.js'
import type { BenchOptions } from '../bench-options.js'
import {
  environmentFor,
  FLOORS,
  FOREIGN_CLIENTS,
  packageClients,
  type PipeClient,
  revisionOf,
  versionOf,
} from '../pipe/clients.js'
import { comparisons, pipeFiguresOf, type Outcome, pipeTable, smallTable } from '../pipe/report.js'
import { runPipe } from '../pipe/run-pipe.js'
import type { SuiteTools } from '../suite.js'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

/** Small inputs take little time and vary more. */
const SMALL_TURNS = 4

export async function benchPipe(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const others = options.against.flatMap((folder) => packageClients(folder, revisionOf(folder)))
  const all = [...FLOORS, ...packageClients(PROJECT), ...others, ...FOREIGN_CLIENTS]
  const clients = all.filter(({ name }) => isAskedFor(name, options.only))
  const results: Record<string, unknown> = {}
  for (const scheme of options.schemes) {
    const tls = scheme === 'https'
    const job = { ...options, tls, runs: tls ? options.tlsRuns : options.runs, producer: producerOf(options.size) }
    const outcomes = await measurePipes(clients, job, tools)
    const compared = comparisons(outcomes)
    results[scheme] = outcomes.map((outcome) => pipeFiguresOf(outcome, options.size))
    results[`${scheme}, compared`] = compared
    tools.print(`\n${describe(job)}, ${tls ? 'TLS' : 'plain HTTP'}\n\n${pipeTable(outcomes, options.size, compared)}`)
  }
  const commands = clients.filter(({ name, readsInput, sends }) => readsInput && sends && !name.startsWith('floor'))
  const job = { ...options, tls: false, size: 2, runs: SMALL_TURNS * options.runs, producer: ['echo', 'x'] }
  const small = await measurePipes(commands, job, tools)
  results['echo x'] = small.map((outcome) => pipeFiguresOf(outcome, job.size))
  tools.print(`\necho x, from start to exit, medians of ${job.runs}, plain HTTP\n\n${smallTable(small)}`)
  return results
}

function isAskedFor(name: string, words: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => name.includes(word))
}

function producerOf(size: number): string[] {
  return [process.execPath, ...PROGRAM_OPTIONS, programOf('test/bench/pipe/producer.ts'), String(size)]
}

interface PipeJob {
  size: number
  partSize: number
  concurrency: number
  runs: number
  tls: boolean
  /** The command whose output is uploaded. */
  producer: readonly string[]
}

/** Turns of all clients, one after the other, so that a busy machine slows all alike. One that fails gets no more of them. */
async function measurePipes(
  clients: readonly PipeClient[],
  { size, partSize, concurrency, runs, tls, producer }: PipeJob,
  { receivers, onTurn }: SuiteTools,
): Promise<Outcome[]> {
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
        outcome.failure = `failed: ${error instanceof Error ? error.message : String(error)}`
      }
    }
  }
  return outcomes
}

function describe({ size, partSize, concurrency, runs }: PipeJob): string {
  return `${size / GIB} GiB from a pipe in parts of ${partSize / MIB} MiB, ${concurrency} in flight, medians of ${runs}, with the start of the process`
}
