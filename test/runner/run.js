/**
 * Compiles and runs tests: all of them, or the files that are named. What begins with a dash is an option of node's
 * test runner, such as `--test-name-pattern=proxy`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { compile, compiledName, PROJECT } from './compile.js'
import { grouped } from './groups.js'

const sources = await compile()
const given = process.argv.slice(2)
const named = given.filter((argument) => !argument.startsWith('-')).map((name) => path.relative(PROJECT, name))
const files = named.length > 0 ? named : sources.filter((name) => name.endsWith('.test.ts'))
for (const name of files) {
  if (sources.includes(name)) continue
  console.error(`${name} is not a TypeScript file of this project`)
  process.exit(1)
}

// A file that is named has a process of its own.
const programs = named.length > 0 ? files.map(compiledName) : await grouped(files)

const measuring =
  process.env.NODE_V8_COVERAGE === undefined
    ? []
    : ['--import', `./${compiledName('test/runner/children-without-coverage.ts')}`]
const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    ...measuring,
    '--test',
    // One more than there are processors: some wait for processes that they started, or for a time to pass.
    `--test-concurrency=${availableParallelism() + 1}`,
    `--test-reporter=./${compiledName('test/runner/reporter.ts')}`,
    '--test-reporter-destination=stdout',
    ...given.filter((argument) => argument.startsWith('-')),
    ...programs,
  ],
  { cwd: PROJECT, stdio: 'inherit' },
)
// The test runner ends by these itself, and reports what it had.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
const [code, signal] = await once(child, 'close')
process.exitCode = signal === null ? code : 1
