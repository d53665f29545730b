/** What a descriptor may lead to, each as a shell hands it to a process. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import type { Emulator } from '../../src/emulator/index.js'
import { quoted } from '../cli/ossup.js'
import { noTerminal, openTerminal } from '../cli/terminal.js'
import { noBlockDevice, openBlockDevice } from '../support/block-device.js'
import { readAll, someBytes } from '../support/bytes.js'
import { emulatedStore, exists } from '../support/emulated-store.js'
import { environmentOf } from '../support/examples.js'
import { PROGRAM_OPTIONS, programOf } from '../support/project.js'
import { temporaryFolder } from '../support/temporary-folder.js'

const UPLOAD = [process.execPath, ...PROGRAM_OPTIONS, programOf('test/source/descriptor-process.ts')]
  .map(quoted)
  .join(' ')

const BYTES = someBytes(300_000)

const noFdinfo = process.platform === 'linux' ? false : 'there is no /proc'

interface Said {
  size?: number
  code?: string
  message?: string
}

/** Runs a script with `upload N` as a command, in a folder with the file `bytes`. Its standard input is a socket. */
async function shell(
  t: TestContext,
  emulator: Emulator,
  script: string,
  input: Uint8Array = new Uint8Array(0),
): Promise<Said> {
  const folder = await temporaryFolder(t)
  await writeFile(path.join(folder, 'bytes'), BYTES)
  const child = spawn('bash', ['-c', `upload() { ${UPLOAD} "$1"; }; ${script}`], {
    cwd: folder,
    env: { ...process.env, NODE_V8_COVERAGE: '', ...environmentOf(emulator) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  t.after(() => child.kill())
  return JSON.parse(await text(child.stdout)) as Said
}

describe('a descriptor', { concurrency: 3 }, () => {
  for (const [what, script, first = 0] of [
    ['a file', 'upload 0 < bytes'],
    ['a file under another number', 'upload 7 7< bytes'],
    ['a file that was read to somewhere', '{ head -c 100000 > /dev/null; upload 0; } < bytes', 100_000],
    ['an anonymous pipe', 'cat bytes | upload 0'],
    ['an anonymous pipe under another number', 'upload 8 8< <(cat bytes)'],
    ['a named pipe', 'mkfifo pipe; cat bytes > pipe & upload 0 < pipe'],
    ['a stream socket', 'upload 0'],
  ] as const) {
    it(`may lead to ${what}`, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      assert.deepEqual(await shell(t, emulator, script, BYTES), { size: BYTES.length - first })
      assert.ok((await readAll((await store.get('k')).body)).equals(BYTES.subarray(first)))
    })
  }

  it('may lead to a connection', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const server = createServer((socket) => socket.end(BYTES)).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const said = await shell(t, emulator, `upload 5 5<> /dev/tcp/127.0.0.1/${port}`)
    assert.deepEqual(said, { size: BYTES.length })
    assert.ok((await readAll((await store.get('k')).body)).equals(BYTES))
  })

  it('may lead to a terminal', { skip: noTerminal }, async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const terminal = await openTerminal(t, emulator, 80, `echo ready; ${UPLOAD} 0; sleep 60`)
    await terminal.until(/ready/)
    await terminal.press('w', 'o', 'r', 'd', 'Enter', 'C-d')
    await terminal.until(/"size":5/)
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'word\n')
  })

  it('may lead to a disk', { skip: noBlockDevice }, async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const bytes = someBytes(1_048_576)
    const device = await openBlockDevice(t, bytes.length)
    await writeFile(device, bytes)
    assert.deepEqual(await shell(t, emulator, `upload 0 < ${device}`), { size: bytes.length })
    assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
  })

  for (const [what, script, message, skip = false] of [
    ['a folder', 'upload 0 < .', /^body\.fd must not be a directory/],
    ['a socket of datagrams', 'upload 5 5<> /dev/udp/127.0.0.1/9', /^body\.fd must be a file, .* stream socket/],
    ['nothing', 'upload 200', /^body\.fd must be open for reading: EBADF/],
    ['the writing end of a pipe', 'upload 5 5> >(cat > /dev/null)', /^body\.fd must be the reading end/, noFdinfo],
  ] as const) {
    it(`is refused when it leads to ${what}`, { skip }, async (t) => {
      const { emulator, store } = await emulatedStore(t)
      const { code, message: said = '' } = await shell(t, emulator, script)
      assert.equal(code, 'INVALID_OPTION', said)
      assert.match(said, message)
      assert.equal(await exists(store, 'k'), false)
    })
  }
})
