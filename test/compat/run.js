/**
 * Runs the packed package wherever users load it: `npm run test:compat`. Everything is installed from the registry into
 * a temporary folder, and what cannot be installed is skipped with the reason. Takes minutes.
 *
 *     npm run test:compat -- [--only bundlers,next,…] [--cache <folder>] [--write]
 *
 * `--cache` keeps what was installed for the next run; `--write` puts the result into docs/compatibility.md.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { bundlers } from './bundlers.js'
import { frameworks, next } from './frameworks.js'
import { image } from './image.js'
import { packageManagers } from './package-managers.js'
import { otherRuntimes, nodeVersions, engines, tooOld } from './runtimes.js'
import { standalone } from './standalone.js'
import { testRunners } from './test-runners.js'
import { countFailures, PROJECT, run, table } from './tools.js'

const CONCERNS = {
  nodeVersions,
  tooOld,
  engines,
  otherRuntimes,
  bundlers,
  frameworks,
  next,
  testRunners,
  packageManagers,
  standalone,
  image,
}
const DOCUMENT = path.join(PROJECT, 'docs/compatibility.md')

const { values } = parseArgs({
  options: { cache: { type: 'string' }, only: { type: 'string' }, write: { type: 'boolean', default: false } },
})

const work = await mkdtemp(path.join(tmpdir(), 'oss-upload-stream-compat-'))
try {
  const context = { work, cache: path.resolve(values.cache ?? work), tarball: await pack() }
  const chosen = values.only?.split(',') ?? Object.keys(CONCERNS)
  for (const name of chosen) {
    const concern = CONCERNS[name]
    if (concern === undefined)
      throw new TypeError(`--only must be of ${Object.keys(CONCERNS).join(', ')} (got ${name})`)
    await concern(context)
  }
  if (values.write) await writeTable()
} finally {
  await rm(work, { recursive: true })
}
const failures = countFailures()
console.log(failures === 0 ? 'all is well' : `${failures} FAILED`)
process.exitCode = failures === 0 ? 0 : 1

async function pack() {
  const { code, stdout, output } = await run('npm', ['pack', '--silent', '--pack-destination', work], { cwd: PROJECT })
  if (code !== 0) throw new Error(`npm pack failed: ${output}`)
  return path.join(work, stdout.trim().split('\n').at(-1))
}

async function writeTable() {
  const text = await readFile(DOCUMENT, 'utf8')
  const written = text.replace(
    /(<!-- matrix -->\n)[^]*?(\n<!-- end -->)/,
    (_, start, end) => `${start}\n${table()}\n${end}`,
  )
  await writeFile(DOCUMENT, written)
}
