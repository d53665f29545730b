import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { emulatedStore } from '../support/emulated-store.js'
import { PROGRAM_OPTIONS, programOf, PROJECT } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { ossupEnvironment } from './ossup.js'

const MAIN = programOf('src/cli/main.ts')

/** The files of src that one call of ossup runs, as node itself records them, without their ending. */
async function filesLoadedBy(t: TestContext, args: readonly string[]): Promise<string[]> {
  const { emulator } = await emulatedStore(t)
  const folder = await temporaryFolder(t)
  // Not what users start, which is one file.
  const child = spawn(process.execPath, [...PROGRAM_OPTIONS, MAIN, ...args], {
    env: { ...ossupEnvironment(emulator), NODE_V8_COVERAGE: folder },
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  child.stdin.end('x')
  const closed = once(child, 'close') as Promise<[number | null]>
  const [stderr, [code]] = await Promise.all([text(child.stderr), closed])
  assert.equal(code, 0, stderr)
  const [record = ''] = await readdir(folder)
  const { result } = JSON.parse(await readFile(path.join(folder, record), 'utf8')) as { result: { url: string }[] }
  const src = path.dirname(path.dirname(MAIN))
  const files = result.filter(({ url }) => url.startsWith('file:')).map(({ url }) => fileURLToPath(url))
  return files.filter((file) => file.startsWith(src + path.sep)).map((file) => path.relative(src, file))
}

/** The command itself, and the small modules that it uses at each start. */
const SMALL = /^(?:cli|shared|internal\.js|source.(?:command-ending|process-tree)\.js)\b/

describe('ossup, when it starts,', { concurrency: 2 }, () => {
  for (const args of [['--version'], ['--help'], ['put', '--help'], ['completion', 'bash']]) {
    it(`loads nothing of the library for ${args.join(' ')}`, async (t) => {
      const loaded = await filesLoadedBy(t, args)
      assert.ok(loaded.includes(path.join('cli', 'run.js')))
      assert.deepEqual(
        loaded.filter((file) => !SMALL.test(file)),
        [],
      )
    })
  }

  it('loads the emulator for serve alone, and no other command', async (t) => {
    const loaded = await filesLoadedBy(t, ['put', 'oss://test-bucket/k'])
    assert.ok(loaded.includes(path.join('api', 'object-store.js')))
    assert.deepEqual(
      loaded.filter((file) => file.startsWith('emulator') || /^cli.commands.(?:get|head|serve)\b/.test(file)),
      [],
    )
  })

  it('does not optimise the large parser of responses for an upload of thirty parts', async (t) => {
    const { emulator } = await emulatedStore(t)
    // V8 reports each function of WebAssembly that it compiles.
    const args = ['--trace-wasm-compilation-times', path.join(PROJECT, 'dist/ossup.cjs')]
    const child = spawn(process.execPath, [...args, 'put', 'oss://test-bucket/k', '--part-size', '102400'], {
      env: ossupEnvironment(emulator),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    child.stdin.end(Buffer.alloc(30 * 102_400, 'content'))
    const closed = once(child, 'close') as Promise<[number | null]>
    const [report, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), closed])
    assert.equal(code, 0, stderr)
    const compiled = [...report.matchAll(/ using (\w+), .*bodysize (\d+)/g)]
    const compilers = compiled.filter(([, , size]) => Number(size) > 10_000).map(([, compiler]) => compiler)
    assert.deepEqual(compilers, ['Liftoff'])
  })
})
