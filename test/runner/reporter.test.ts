import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const REPORTER = pathToFileURL(programOf('test/runner/reporter.ts')).href

const PASSES = `import { it } from 'node:test'
it('passes', () => {})
it('waits', { skip: 'there is no clock' }, () => {})
console.log('a word')`

const FAILS = `import { describe, it } from 'node:test'
describe('a suite', () => {
  it('passes', () => {})
  it('fails', () => { throw new Error('it broke') })
})
describe('another', { skip: 'there is no clock' }, () => { it('is not run', () => {}) })`

const LOADS = `import './one.mjs'
import './two.mjs'`

const BREAKS = `import 'nothing-of-this-name'`

describe('the report of a test run', () => {
  it('is a line a file, each failure whole, what was skipped and why, and the counts', async (t) => {
    const folder = await temporaryFolder(t)
    const files = Object.entries({ passes: PASSES, fails: FAILS, breaks: BREAKS, loads: LOADS })
    for (const [name, program] of files) await writeFile(path.join(folder, `${name}.test.mjs`), program)
    for (const name of ['one', 'two']) {
      const program = `import { it } from 'node:test'\nit('passes', () => {})\nconsole.log('a note of ${name}')`
      await writeFile(path.join(folder, `${name}.mjs`), program)
    }
    // Inside a test, node's runner would take itself for a test file.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined }
    const child = spawn(
      process.execPath,
      [...PROGRAM_OPTIONS, '--test', '--test-concurrency=2', `--test-reporter=${REPORTER}`, folder],
      { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    const output = await text(child.stdout)
    assert.match(output, /^ok {2}\S*passes\.test\.mjs {2}1 passed, 1 skipped {2}[\d.]+ s\n {2}a word$/m)
    assert.match(output, /^FAILED {2}\S*fails\.test\.mjs {2}1 passed, 1 failed, 1 skipped {2}[\d.]+ s$/m)
    assert.match(output, /^FAILED \S*fails\.test\.mjs > fails\n {2}Error: it broke\n {6}at /m)
    assert.match(output, /^FAILED \S*breaks\.test\.mjs\n/m)
    assert.match(output, /Cannot find package 'nothing-of-this-name'/)
    assert.match(
      output,
      /^skipped, as there is no clock:\n {2}\S*fails\.test\.mjs > another\n {2}\S*passes\.test\.mjs > waits$/m,
    )
    assert.match(output, /^ok {2}\S*one\.mjs {2}1 passed {2}[\d.]+ s\nok {2}\S*two\.mjs {2}1 passed {2}[\d.]+ s\n/m)
    assert.match(output, /^\S*loads\.test\.mjs wrote:\n {2}a note of one$/m)
    assert.match(output, /\n5 files in [\d.]+ s\n4 passed, 2 failed, 2 skipped\n$/)
  })
})
