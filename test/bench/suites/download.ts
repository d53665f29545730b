/** Reading an object back: by every client in a process of its own, in turns, from a sender of our own. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { BenchOptions } from '../bench-options.js'
import { READ_CLIENTS, type ReadClient } from '../download/read-clients.js'
import type { SenderOptions } from '../download/sender-options.js'
import { cellsOf, type Figures, figuresOf, TITLES } from '../figures.js'
import { environmentFor, versionOf } from '../pipe/clients.js'
import { type PipeCost, runCommand } from '../pipe/run-pipe.js'
import { programOf, PROGRAM_OPTIONS } from '../../support/project.js'
import type { SuiteTools } from '../suite.js'
import { formatTable } from '../table.js'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

interface Outcome {
  client: ReadClient
  version: string | undefined
  costs: PipeCost[]
  failure?: string
}

export async function benchDownload(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const { size, runs, partSize, concurrency, delayMs, rate, only } = options
  const outcomes = READ_CLIENTS.filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word))).map(
    (client): Outcome => {
      const version = client.version === undefined ? '' : versionOf(client.version)
      return { client, version, costs: [], ...(version === undefined ? { failure: 'skipped: not installed' } : {}) }
    },
  )
  const sender = await startSender({ size, delayMs, ...(rate === undefined ? {} : { bytesPerSecond: rate }) })
  try {
    const target = { endpoint: sender.endpoint, partSize, concurrency, size, folder: tools.folder }
    const env = environmentFor({ ...target, caFile: undefined })
    for (let run = 1; run <= runs; run += 1) {
      for (const outcome of outcomes.filter(({ failure }) => failure === undefined)) {
        const { client, costs } = outcome
        tools.onTurn(client.name, run)
        try {
          const command = client.command(target)
          costs.push(await runCommand({ command, source: '', consumer: client.consumer ?? '', env }))
        } catch (error) {
          outcome.failure = error instanceof Error ? error.message : String(error)
        }
      }
    }
  } finally {
    await sender.stop()
  }
  const rows = outcomes.map(({ client: { name }, failure, costs }) => ({ name, failure, ...figuresOf(costs, size) }))
  const line = rate === undefined ? '' : `, ${rate / MIB} MiB/s a connection`
  const delay = delayMs === 0 ? '' : `, ${delayMs} ms a round trip${line}`
  const what = `${size / GIB} GiB in ranges of ${partSize / MIB} MiB, ${concurrency} in flight${delay}, medians of ${runs}; commands with the start of the process`
  tools.print(`\n${what}\n\n${table(outcomes, rows)}`)
  return rows
}

async function startSender(options: SenderOptions): Promise<{ endpoint: string; stop: () => Promise<void> }> {
  const child = fork(programOf('test/bench/download/sender.ts'), [JSON.stringify(options)], {
    execArgv: [...PROGRAM_OPTIONS],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [endpoint] = (await once(child, 'message')) as [string]
  return {
    endpoint,
    async stop() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

function table(outcomes: readonly Outcome[], rows: readonly (Figures & { name: string })[]): string {
  const [base] = rows
  const measured = rows.filter((_, i) => outcomes[i]?.failure === undefined)
  const lines = measured.map((row) => [row.name, ...cellsOf(row, base)])
  const notes = outcomes.flatMap(({ client: { name }, failure }) =>
    failure === undefined ? [] : [`${name}: ${failure}`],
  )
  const remarks = outcomes.map(({ client: { name, remark }, version }) =>
    [`${name}: ${remark}`, version].filter(Boolean).join('; '),
  )
  return [formatTable(['', ...TITLES], lines), ...notes, '', ...remarks].join('\n')
}
