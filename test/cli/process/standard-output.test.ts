import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { pipeline } from 'node:stream/promises'
import { someBytes } from '../../support/bytes.js'
import { emulatedStore } from '../../support/emulated-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { noBlockDevice, openBlockDevice } from '../../support/block-device.js'
import { OSSUP, ossupEnvironment, untilRequested } from '../ossup.js'
import { openShell } from '../shell.js'

const TARGET = 'oss://test-bucket/k'

async function storedObject(t: Parameters<typeof emulatedStore>[0], bytes: Uint8Array) {
  const { emulator, store } = await emulatedStore(t)
  await pipeline([bytes], store.createUploadStream('k'))
  return emulator
}

describe('standard output and standard error', { concurrency: 3 }, () => {
  it('may be a block device', { skip: noBlockDevice }, async (t) => {
    const bytes = someBytes(2_000_000)
    const emulator = await storedObject(t, bytes)
    const shell = await openShell(t, emulator)
    const device = await openBlockDevice(t, 4 * 1024 * 1024)
    const { code, stderr } = await shell(`ossup get ${TARGET} > ${device}`)
    assert.equal(code, 0, stderr)
    assert.equal(Buffer.compare((await readFile(device)).subarray(0, bytes.length), bytes), 0)
    const { stdout } = await shell(`ossup head ${TARGET} > ${device}; head -c 7 ${device}`)
    assert.equal(stdout, 'object:')
  })

  it('fail when the last write is cut short', async (t) => {
    // A limit on the size of files cuts a write off as a full disk does.
    const limit = 1024 * 1024
    const emulator = await storedObject(t, someBytes(limit + 1000))
    const shell = await openShell(t, emulator)
    const { code, stdout, stderr } = await shell(
      `(ulimit -f ${limit / 1024}; exec ossup get ${TARGET} > file); status=$?; wc -c < file; exit $status`,
    )
    assert.equal(Number(stdout), limit)
    assert.equal(code, 1)
    assert.match(stderr, /standard output cannot be written: EFBIG/)
    assert.doesNotMatch(stderr, /verified/)
  })

  for (const command of [`head ${TARGET}`, `get ${TARGET}`, 'completion bash', '--version']) {
    it(`fail on a full device (${command})`, async (t) => {
      const emulator = await storedObject(t, someBytes(1000))
      const shell = await openShell(t, emulator)
      const { code, stderr } = await shell(`ossup ${command} > /dev/full`)
      assert.equal(code, 1)
      assert.match(stderr, /standard output cannot be written: ENOSPC/)
    })
  }

  it('stay blocking for processes that share them', async (t) => {
    const { emulator } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `{ ossup put ${TARGET} -- sh -c 'grep ^flags: /proc/self/fdinfo/2 >&2; echo dump'; } 2>&1 | cat >&2`,
    )
    assert.equal(code, 0)
    const flags = Number.parseInt(/^flags:\s+(\d+)$/m.exec(stderr)?.[1] ?? '', 8)
    assert.equal(flags & 0o4000, 0, stderr)
    assert.match(stderr, /^stored /m)
  })

  for (const [what, open] of [
    ['a pipe', `mkfifo out; sleep 60 < out & reader=$!`],
    ['a file', `touch out; reader=$$`],
  ] as const) {
    it(`end with the process when a signal comes and ${what} is not read`, async (t) => {
      const emulator = await storedObject(t, someBytes(9_000_000))
      if (what === 'a file')
        emulator.faults.inject({
          match: { operation: 'GetObject' },
          action: { type: 'stall', at: 'answer', afterBytes: 1000 },
        })
      const folder = await temporaryFolder(t)
      const go = path.join(folder, 'go')
      const shell = await openShell(t, emulator)
      const ended = shell(
        `${open}; ossup get ${TARGET} > out & ossup=$!
        until [ -e ${go} ]; do sleep 0.05; done
        kill -TERM $ossup; wait $ossup; echo status $?; [ $reader = $$ ] || kill $reader`,
      )
      await untilRequested(emulator, 'GetObject')
      await writeFile(go, '')
      const { stdout, stderr } = await ended
      assert.equal(stdout, 'status 143\n', stderr)
      assert.match(stderr, /ossup: SIGTERM: aborts cleanly; a second signal ends at once\n/)
    })
  }

  it('end with the process when a signal comes and a socket is not read', async (t) => {
    const emulator = await storedObject(t, someBytes(9_000_000))
    const child = spawn('bash', ['-c', `exec ${OSSUP} get ${TARGET}`], {
      env: ossupEnvironment(emulator),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child.stdout.pause()
    await untilRequested(emulator, 'GetObject')
    child.kill('SIGTERM')
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    assert.ok(code === 143 || signal === 'SIGTERM', `${code} ${signal}`)
    child.stdout.destroy()
  })
})
