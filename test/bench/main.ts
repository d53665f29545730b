/** `npm run bench`: see `USAGE`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { type BenchOptions, parseBenchOptions, USAGE } from './bench-options.js'
import { CONTENDERS } from './contenders/all.js'
import { ours } from './contenders/ours.js'
import { Receivers } from './receiver/receivers.js'
import type { SuiteTools } from './suite.js'
import { benchDownload } from './suites/download.js'
import { benchLatency } from './suites/latency.js'
import { benchPipe } from './suites/pipe.js'
import { benchScale } from './suites/scale.js'
import { benchSmall } from './suites/small.js'
import { benchStart } from './suites/start.js'
import { benchUpload } from './suites/upload.js'

const SUITES = {
  upload: benchUpload,
  small: benchSmall,
  scale: benchScale,
  latency: benchLatency,
  pipe: benchPipe,
  download: benchDownload,
  start: benchStart,
}

async function main(options: BenchOptions): Promise<void> {
  const contenders = CONTENDERS.filter(({ name }) => isAskedFor(name, options.only))
  const hasContenders = !['pipe', 'download', 'start'].includes(options.suite)
  if (contenders.length === 0 && hasContenders) throw new Error(`--only ${options.only.join()} names nobody`)
  const folder = mkdtempSync(join(tmpdir(), 'oss-upload-stream-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const receivers = new Receivers(options.sink, folder)
  const tools: SuiteTools = {
    contenders,
    receivers,
    folder,
    print: (text) => {
      if (!options.json) console.log(text)
    },
    onTurn: (name, run) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name}, run ${run} of ${options.runs}`)
    },
  }
  try {
    const results = await SUITES[options.suite](options, tools)
    if (options.json) console.log(JSON.stringify({ options, node: process.version, results }, undefined, 2))
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    await receivers.stop()
  }
}

function isAskedFor(name: string, words: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => name.includes(word) || (word === 'ours' && name === ours.name))
}

function optionsOrUsage(args: readonly string[]): BenchOptions {
  if (args.includes('--help')) {
    console.log(USAGE)
    process.exit()
  }
  try {
    return parseBenchOptions(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`)
    process.exit(2)
  }
}

// What is to be done at the end is done on `exit`, which a signal alone would not bring.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await main(optionsOrUsage(process.argv.slice(2)))
