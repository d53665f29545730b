/** What a process costs before it has done much: CPU time of the command and of the library, against bare Node.js. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { PROJECT } from '../../support/project.js'
import type { BenchOptions } from '../bench-options.js'
import { BUCKET } from '../contender.js'
import { environmentFor } from '../pipe/clients.js'
import { runCommand } from '../pipe/run-pipe.js'
import { median } from '../statistics.js'
import type { SuiteTools } from '../suite.js'
import { formatTable, times } from '../table.js'

interface Start {
  name: string
  command: readonly string[]
  /** Bytes on standard input, by the command that writes them. */
  source: string
  milliseconds: number[]
  failure?: string
}

const BARE = 'node'

export async function benchStart(options: BenchOptions, tools: SuiteTools): Promise<unknown> {
  const { endpoint, caFile } = await tools.receivers.get({ checksums: true, delayMs: 0, tls: false })
  const { partSize, concurrency } = options
  const env = environmentFor({ endpoint, partSize, concurrency, caFile })
  const starts = [
    startOf(BARE, [process.execPath, '-e', '0']),
    ...startsOf(PROJECT, ''),
    ...options.against.flatMap((folder) => startsOf(path.resolve(folder), `, ${folder}`)),
  ].filter(({ name }) => name === BARE || options.only.length === 0 || options.only.some((word) => name.includes(word)))
  for (let run = 1; run <= options.runs; run += 1) {
    for (const start of starts.filter(({ failure }) => failure === undefined)) {
      tools.onTurn(start.name, run)
      try {
        const { cpuSeconds } = await runCommand({ command: start.command, source: start.source, consumer: '', env })
        start.milliseconds.push(cpuSeconds * 1000)
      } catch (error) {
        start.failure = error instanceof Error ? error.message : String(error)
      }
    }
  }
  const rows = starts.map(({ name, milliseconds, failure }) => ({
    name,
    failure,
    cpuMs: median(milliseconds),
    leastCpuMs: Math.min(...milliseconds),
  }))
  tools.print(`\nCPU time of the whole process, medians of ${options.runs}\n\n${table(rows)}`)
  return rows
}

/** Every way in of a checkout that is built. */
function startsOf(folder: string, suffix: string): Start[] {
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { bin: { ossup: string } }
  const ossup = [process.execPath, path.join(folder, bin.ossup)]
  // A package finds itself by its name.
  const inFolder = ['sh', '-c', 'cd "$1" && shift && exec "$@"', 'start', folder, process.execPath]
  return [
    startOf(`ossup --version${suffix}`, [...ossup, '--version']),
    startOf(`import${suffix}`, [...inFolder, '--input-type=module', '-e', `import 'oss-upload-stream'`]),
    startOf(`require${suffix}`, [...inFolder, '-e', `require('oss-upload-stream')`]),
    startOf(`echo x | ossup put${suffix}`, [...ossup, 'put', `oss://${BUCKET}/object`], 'echo x'),
  ]
}

function startOf(name: string, command: readonly string[], source = ''): Start {
  return { name, command, source, milliseconds: [] }
}

function table(
  rows: readonly { name: string; failure: string | undefined; cpuMs: number; leastCpuMs: number }[],
): string {
  const base = rows.find(({ name }) => name === BARE)?.cpuMs
  const measured = rows.filter(({ failure }) => failure === undefined)
  const lines = measured.map(({ name, cpuMs, leastCpuMs }) => [
    name,
    cpuMs.toFixed(0),
    times(cpuMs, base),
    leastCpuMs.toFixed(0),
  ])
  const notes = rows.flatMap(({ name, failure }) => (failure === undefined ? [] : [`${name}: ${failure}`]))
  return [formatTable(['', 'CPU ms', '', 'least'], lines), ...notes].join('\n')
}
