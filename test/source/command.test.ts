import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { type CommandUploadOptions, UploadError } from '../../src/index.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists, unfinishedUploads } from '../support/emulated-store.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const PARTS = { partSize: 102_400, concurrency: 2 }

const sh = (script: string): [string, string[]] => ['bash', ['-c', script]]

const noProc = process.platform === 'linux' ? false : 'there is no /proc'

/** Whether a process is there: one that has ended and was not waited for is not. */
async function isRunning(pid: number): Promise<boolean> {
  try {
    return !/\) [ZX] /.test(await readFile(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('uploadCommand()', { concurrency: 3 }, () => {
  it('stores what a command writes, more than a pipe holds after its end as well', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'file')
    const bytes = someBytes(3_000_000)
    await writeFile(file, bytes)
    const result = await store.uploadCommand('k', 'cat', [file], PARTS)
    assert.equal(result.size, bytes.length)
    assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
  })

  it('stores an empty object where a command succeeds without a word', async (t) => {
    const { store } = await emulatedStore(t)
    assert.equal((await store.uploadCommand('k', 'true')).size, 0)
  })

  for (const [what, script, expected] of [
    ['ends with another exit code', 'head -c 300000 /dev/zero; exit 3', { exitCode: 3 }],
    ['is killed', 'head -c 300000 /dev/zero; kill -KILL $$', { signal: 'SIGKILL' }],
    ['closes its output and then fails', 'echo x; exec >&-; sleep 0.1; exit 9', { exitCode: 9 }],
    ['fails, while a process that it left behind keeps its output', 'sleep 60 & echo x; exit 4', { exitCode: 4 }],
  ] as const) {
    it(`publishes nothing when a command ${what}`, async (t) => {
      const { store } = await emulatedStore(t)
      await assert.rejects(store.uploadCommand('k', ...sh(script), PARTS), { code: 'COMMAND_FAILED', ...expected })
      assert.equal(await exists(store, 'k'), false)
      assert.deepEqual(await unfinishedUploads(store), [])
    })
  }

  it('waits for the output of a process that the command left behind', async (t) => {
    const { store } = await emulatedStore(t)
    await store.uploadCommand('k', ...sh('{ sleep 0.2; echo late; } & echo early'))
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'early\nlate\n')
  })

  it('does not wait for a process that keeps standard error alone', async (t) => {
    const { store } = await emulatedStore(t)
    const said: string[] = []
    await store.uploadCommand('k', ...sh('sleep 60 >/dev/null & echo note >&2; echo $! >&2; echo all'), {
      stderr: (chunk) => void said.push(Buffer.from(chunk).toString()),
    })
    const [note, pid] = said.join('').split('\n')
    assert.equal(note, 'note')
    process.kill(Number(pid))
  })

  it('says what the command said last', async (t) => {
    const { store } = await emulatedStore(t)
    const said: Uint8Array[] = []
    const script = 'for i in {1..2000}; do echo "line $i" >&2; done; echo "the reason" >&2; exit 1'
    const failure = await store
      .uploadCommand('k', ...sh(script), { stderr: (chunk) => void said.push(Buffer.from(chunk)) })
      .then(() => assert.fail('it is stored'))
      .catch((error: unknown) => error)
    assert.ok(failure instanceof UploadError)
    assert.match(failure.stderr ?? '', /line 2000\nthe reason\n$/)
    assert.equal(failure.stderr?.length, 4096)
    assert.match(Buffer.concat(said).toString(), /^line 1\n[^]*the reason\n$/)
  })

  it('gives the command a pipe that it can open by name', async (t) => {
    const { store } = await emulatedStore(t)
    const script = 'echo by name > /dev/stdout; echo note > /dev/stderr'
    const said: string[] = []
    await store.uploadCommand('k', ...sh(script), { stderr: (chunk) => void said.push(Buffer.from(chunk).toString()) })
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'by name\n')
    assert.equal(said.join(''), 'note\n')
  })

  it('ends the command when the upload fails, and waits until it is gone', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    let pid = 0
    const script = 'echo $$ >&2; head -c 300000 /dev/zero; exec sleep 60'
    const options = { ...PARTS, stderr: (chunk: Uint8Array) => void (pid = Number(Buffer.from(chunk).toString())) }
    await assert.rejects(store.uploadCommand('k', ...sh(script), options), { code: 'ACCESS_DENIED' })
    assert.ok(pid > 0)
    assert.equal(await isRunning(pid), false)
    assert.deepEqual(await unfinishedUploads(store), [])
  })

  for (const [what, script] of [
    ['that heeds no SIGTERM', 'trap "" TERM; echo $$ >&2; while :; do sleep 1; done'],
    ['that is stopped', 'echo $$ >&2; kill -STOP $$; echo'],
  ] as const) {
    it(`kills a command ${what}, when its signal is aborted`, async (t) => {
      const { store } = await emulatedStore(t)
      const controller = new AbortController()
      let pid = 0
      const stderr = (chunk: Uint8Array) => {
        pid = Number(Buffer.from(chunk).toString())
        controller.abort()
      }
      const options = { signal: controller.signal, graceMs: 50, stderr }
      await assert.rejects(store.uploadCommand('k', ...sh(script), options), { code: 'ABORTED' })
      assert.equal(await isRunning(pid), false)
      assert.equal(await exists(store, 'k'), false)
    })
  }

  it('ends all of a pipeline, not the shell alone', { skip: noProc }, async (t) => {
    const { store } = await emulatedStore(t)
    const controller = new AbortController()
    const said: Buffer[] = []
    const stderr = (chunk: Uint8Array) => {
      said.push(Buffer.from(chunk))
      if (Buffer.concat(said).toString().split('\n').length > 2) controller.abort()
    }
    const script = `sh -c 'echo $$ >&2; exec sleep 60' | sh -c 'echo $$ >&2; exec cat'`
    const options = { signal: controller.signal, stderr }
    await assert.rejects(store.uploadCommand('k', ...sh(script), options), { code: 'ABORTED' })
    for (const pid of Buffer.concat(said).toString().trim().split('\n')) {
      assert.equal(await isRunning(Number(pid)), false)
    }
  })

  for (const [what, script] of [
    ['writes nothing', 'sleep 60'],
    ['writes something and then nothing', 'head -c 300000 /dev/zero; sleep 60'],
    ['does not end after its output', 'echo x; exec >&-; sleep 60'],
  ] as const) {
    it(`ends a command that ${what} for idleMs`, async (t) => {
      const { store } = await emulatedStore(t)
      await assert.rejects(store.uploadCommand('k', ...sh(script), { ...PARTS, idleMs: 200 }), {
        code: 'COMMAND_FAILED',
        message: 'bash wrote nothing for 0.2 s, and was ended',
      })
      assert.equal(await exists(store, 'k'), false)
    })
  }

  it('starts nothing when its signal is aborted already, or an option is wrong', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const touch = (options: object) => store.uploadCommand('k', 'touch', [path.join(folder, 'it')], options)
    await assert.rejects(touch({ signal: AbortSignal.abort() }), { code: 'ABORTED' })
    for (const options of [
      { partSize: 1 },
      { graceMs: -1 },
      { idleMs: 0 },
      { stdin: 'pipe' },
      { stderr: 1 },
      { exitCodes: 0 },
      { exitCodes: [256] },
      { descriptors: [2] },
      { env: [] },
      { env: { A: 'a\0b' } },
      { env: { A: {} } },
      { shell: true },
    ]) {
      await assert.rejects(touch(options), { code: 'INVALID_OPTION' }, JSON.stringify(options))
    }
    await assert.rejects(store.uploadCommand('k', ''), { code: 'INVALID_OPTION', message: /^command/ })
    await assert.rejects(store.uploadCommand('k', 'echo', ['a\0b']), { code: 'INVALID_OPTION', message: /args\[0\]/ })
    assert.deepEqual(await readdir(folder), [])
  })

  it('says why a command cannot be run', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    for (const [command, options, message] of [
      ['no-such-command', {}, /^there is no command "no-such-command"$/],
      ['no-such-command -x', {}, /words of their own/],
      [folder, {}, /cannot be run: EACCES/],
      ['true', { cwd: path.join(folder, 'none') }, /or no folder/],
    ] as const) {
      await assert.rejects(store.uploadCommand('k', command, [], options), { code: 'COMMAND_FAILED', message })
    }
    assert.equal(await exists(store, 'k'), false)
  })

  it('runs the command with the given folder and environment', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = await realpath(await temporaryFolder(t))
    await mkdir(path.join(folder, 'in'))
    const env = { PATH: process.env['PATH'], NAME: 'value' }
    await store.uploadCommand('k', ...sh('pwd; echo $NAME ${HOME-none}'), { cwd: path.join(folder, 'in'), env })
    assert.equal((await readAll((await store.get('k')).body)).toString(), `${folder}/in\nvalue none\n`)
  })

  it('accepts the given exit codes', async (t) => {
    const { store } = await emulatedStore(t)
    await store.uploadCommand('k', ...sh('echo x; exit 1'), { exitCodes: [0, 1] })
    await assert.rejects(store.uploadCommand('k', ...sh('exit 2'), { exitCodes: [0, 1] }), { exitCode: 2 })
  })

  it('hands on descriptors', async (t) => {
    const { store } = await emulatedStore(t)
    const file = path.join(await temporaryFolder(t), 'password')
    await writeFile(file, 'secret')
    const fd = openSync(file, 'r')
    await store.uploadCommand('k', ...sh(`cat <&${fd}`), { descriptors: [fd] })
    assert.equal((await store.head('k')).size, 6)
  })

  describe('stdin', () => {
    const run = (stdin: CommandUploadOptions['stdin'], script = 'cat'): [string, string[], CommandUploadOptions] => [
      ...sh(script),
      { ...PARTS, stdin },
    ]

    it('is nothing by default', async (t) => {
      const { store } = await emulatedStore(t)
      assert.equal((await store.uploadCommand('k', ...sh('cat'))).size, 0)
    })

    it('may be a stream', async (t) => {
      const { store } = await emulatedStore(t)
      const bytes = someBytes(500_000)
      await store.uploadCommand('k', ...run(Readable.from([bytes])))
      assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
    })

    it('fails the upload when the stream fails, although the command sees an end of file', async (t) => {
      const { store } = await emulatedStore(t)
      const failing = Readable.from(
        (function* () {
          yield someBytes(300_000)
          throw new Error('half of it')
        })(),
      )
      await assert.rejects(store.uploadCommand('k', ...run(failing)), /half of it/)
      const closing = new Readable({ read: () => undefined })
      setImmediate(() => closing.destroy())
      await assert.rejects(store.uploadCommand('k', ...run(closing)), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
      assert.equal(await exists(store, 'k'), false)
    })

    it('need not be read by the command', async (t) => {
      const { store } = await emulatedStore(t)
      const endless = new Readable({
        read() {
          this.push(Buffer.alloc(65_536))
        },
      })
      assert.equal((await store.uploadCommand('k', ...run(endless, 'head -c 10'))).size, 10)
      assert.equal(endless.destroyed, true)
    })
  })

  it('sees what inspect refuses', async (t) => {
    const { store } = await emulatedStore(t)
    const end = () => {
      throw new Error('not complete')
    }
    const inspect = { bytes: () => undefined, end }
    await assert.rejects(store.uploadCommand('k', ...sh('echo x'), { inspect }), /not complete/)
    assert.equal(await exists(store, 'k'), false)
  })
})

// Not at the same time as the tests above, which have folders of their own there.
describe('the folder for temporary files', () => {
  it('has nothing of uploadCommand() in it when the command runs, nor afterwards', async (t) => {
    const { store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = folder
    t.after(() => {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    })
    assert.equal(tmpdir(), folder)
    await store.uploadCommand('k', ...sh('echo "in $TMPDIR:"; ls -A "$TMPDIR"'))
    assert.equal((await readAll((await store.get('k')).body)).toString(), `in ${folder}:\n`)
    await assert.rejects(store.uploadCommand('k', 'no-such-command'), { code: 'COMMAND_FAILED' })
    assert.deepEqual(await readdir(folder), [])
  })
})
