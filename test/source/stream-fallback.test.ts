/** Pipes where Node.js does not read them into memory of ours: they are read as streams. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import { quoted } from '../cli/ossup.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { environmentOf } from '../support/examples.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const BYTES = someBytes(1_000_001)

/** Makes Node.js pass for a runtime of another name, or for one of another system. */
const AS = {
  Bun: `Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1.4.0' } })`,
  Deno: `Object.defineProperty(process, 'versions', { value: { ...process.versions, deno: '2.9.0' } })`,
  Windows: `Object.defineProperty(process, 'platform', { value: 'win32' })`,
  'Node.js': '',
}

const NOTICE = /^OSS-UPLOAD-STREAM \d+: pipes are read as streams here: .* needs Node\.js on a POSIX system$/gm

interface Ended {
  said: unknown
  stderr: string
}

/** Runs a script of bash with `upload N` as a command, in a folder with the file `bytes`. */
async function shell(t: TestContext, emulator: Emulator, runtime: keyof typeof AS, script: string): Promise<Ended> {
  const folder = await temporaryFolder(t)
  await writeFile(path.join(folder, 'bytes'), BYTES)
  const program = programOf('test/source/descriptor-process.ts')
  const preset = `data:text/javascript,${encodeURIComponent(AS[runtime])}`
  const upload = [process.execPath, '--import', preset, ...PROGRAM_OPTIONS, program].map(quoted).join(' ')
  const child = spawn('bash', ['-c', `upload() { ${upload} "$1"; }; ${script}`], {
    cwd: folder,
    env: { ...process.env, NODE_V8_COVERAGE: '', NODE_DEBUG: 'oss-upload-stream', ...environmentOf(emulator) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill())
  const closed = once(child, 'close')
  const [said, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  await closed
  return { said: JSON.parse(said), stderr }
}

describe('a pipe that is read as a stream', { concurrency: 2 }, () => {
  for (const runtime of ['Bun', 'Deno', 'Windows'] as const) {
    it(`is stored whole under ${runtime}, and NODE_DEBUG says how it is read`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { said, stderr } = await shell(
        t,
        emulator,
        runtime,
        '{ head -c 150000; sleep 0.1; cat; } < bytes | upload 0',
      )
      assert.deepEqual(said, { size: BYTES.length })
      assert.equal(stderr.match(NOTICE)?.length, 1, stderr)
      assert.ok((await readAll((await store.get('k')).body)).equals(BYTES))
    })
  }

  it('is stored whole under another number', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const { said } = await shell(t, emulator, 'Deno', 'upload 8 8< <(cat bytes)')
    assert.deepEqual(said, { size: BYTES.length })
    assert.ok((await readAll((await store.get('k')).body)).equals(BYTES))
  })

  it('leaves nothing behind when the store refuses, although its writer goes on', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      skip: 1,
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const { said } = await shell(t, emulator, 'Deno', 'cat /dev/zero | upload 0')
    assert.equal((said as { code: string }).code, 'ACCESS_DENIED')
    assert.equal(await exists(store, 'k'), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  it('is none under Node.js itself', async (t) => {
    const { emulator } = await emulatedStore(t)
    const { said, stderr } = await shell(t, emulator, 'Node.js', 'cat bytes | upload 0')
    assert.deepEqual(said, { size: BYTES.length })
    assert.doesNotMatch(stderr, NOTICE)
    assert.match(stderr, /OSS-UPLOAD-STREAM/)
  })
})
