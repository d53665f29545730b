/** Producers of all kinds behind `uploadCommand()`: what they do with their descriptors, and when they end. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { quoted } from '../cli/ossup.js'
import { readAll, someBytes } from '../support/bytes.js'
import { whyNot } from '../support/commands.js'
import { emulatedStore, exists } from '../support/emulated-store.js'
import { environmentOf } from '../support/examples.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { until } from '../support/until.js'

const PARTS = { partSize: 102_400, concurrency: 2 }
const BYTES = someBytes(500_000)

const noProc = process.platform === 'linux' ? false : 'there is no /proc'

const PG_DUMP = ['pg_dump', '-h', '127.0.0.1', '-U', 'postgres', '--schema-only', 'postgres'] as const

describe('a producer', { concurrency: 3 }, () => {
  it('that is stopped for a while is waited for, and stored whole', { skip: noProc }, async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'file')
    await writeFile(file, BYTES)
    let pid = 0
    const stderr = (chunk: Uint8Array) => void (pid = Number(Buffer.from(chunk).toString()))
    const script = `echo $$ >&2; head -c 250000; kill -STOP $$; cat`
    const args = ['-c', `exec < ${quoted(file)}; ${script}`]
    const storing = store.uploadCommand('k', 'bash', args, { ...PARTS, stderr })
    await until(async () => pid > 0 && /\) T /.test(await readFile(`/proc/${pid}/stat`, 'utf8')))
    await sleep(50)
    assert.equal(await exists(store, 'k'), false)
    process.kill(pid, 'SIGCONT')
    assert.equal((await storing).size, BYTES.length)
    assert.ok((await readAll((await store.get('k')).body)).equals(BYTES))
  })

  it('that closes its output and continues is waited for', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'ended')
    const script = `echo all; exec >&-; sleep 0.3; echo yes > ${quoted(file)}`
    assert.equal((await store.uploadCommand('k', 'bash', ['-c', script])).size, 4)
    assert.equal(await readFile(file, 'utf8'), 'yes\n')
  })

  it('that ends while what it wrote is in the pipe is stored whole', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    // All parts that may be in flight wait, and the pipe is full when the producer has ended.
    emulator.faults.inject({ match: { operation: 'InitiateMultipartUpload' }, action: { type: 'delay', ms: 300 } })
    const script = 'head -c 200000 /dev/zero; head -c 60000 /dev/zero | tr "\\0" x'
    const options = { partSize: 102_400, concurrency: 1 }
    assert.equal((await store.uploadCommand('k', 'bash', ['-c', script], options)).size, 260_000)
  })

  for (const [command, probe, script] of [
    ['tar', ['tar', '--version'], 'tar -cf /dev/stdout file'],
    ['openssl', ['openssl', 'version'], 'openssl enc -aes-128-ctr -pass pass:x -pbkdf2 -in file -out /dev/stdout'],
    ['pg_dump', PG_DUMP, `${PG_DUMP.join(' ')} -f /dev/stdout`],
  ] as const) {
    it(`may open its output by name, as ${command} does`, { skip: whyNot(probe) ?? false }, async (t) => {
      const { store } = await emulatedStore(t)
      const cwd = await temporaryFolder(t)
      await writeFile(path.join(cwd, 'file'), BYTES)
      const { size } = await store.uploadCommand('k', 'sh', ['-c', script], { ...PARTS, cwd })
      assert.ok(size > (command === 'pg_dump' ? 100 : BYTES.length), `${size} bytes`)
    })
  }

  it('has a standard error that blocks when it is full, although Node.js uses it', { skip: noProc }, async (t) => {
    const { emulator } = await emulatedStore(t)
    const program = [process.execPath, ...PROGRAM_OPTIONS, programOf('test/source/command-process.ts')]
    // More than a pipe holds, and nobody reads it for a while.
    const script = 'echo data; sleep 0.5; touch go; head -c 500000 /dev/zero | tr "\\0" e >&2 || exit 9'
    const line = `${[...program, script].map(quoted).join(' ')} 2>&1 >size | { until [ -e go ]; do sleep 0.05; done; sleep 0.3; wc -c; }; cat size`
    const child = spawn('bash', ['-c', line], {
      cwd: await temporaryFolder(t),
      env: { ...process.env, NODE_V8_COVERAGE: '', ...environmentOf(emulator) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [said] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.equal(said, '500006\n5\n')
  })
})
