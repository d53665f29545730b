/** Where ossup put gets its bytes: descriptors, files of all kinds, and commands. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { readAll, someBytes } from '../../support/bytes.js'
import { emulatedStore, exists } from '../../support/emulated-store.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { noBlockDevice, openBlockDevice } from '../../support/block-device.js'
import { startOssup } from '../ossup.js'
import { openShell } from '../shell.js'

const TARGET = 'oss://test-bucket/k'

describe('standard input of ossup put', { concurrency: 3 }, () => {
  it('is refused by name if it cannot be read: the existing object is not replaced', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await store.upload('k', 'what is there')
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(`ossup put ${TARGET} < .`)
    assert.equal(code, 3, stderr)
    assert.match(stderr, /standard input: .*directory.*was not stored/)
    assert.equal((await store.head('k')).size, 13)
  })

  it('is refused by name where it is a socket of datagrams', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    await store.upload('k', 'what is there')
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(`exec 3<>/dev/udp/127.0.0.1/9; ossup put ${TARGET} <&3`)
    assert.equal(code, 3, stderr)
    assert.match(stderr, /standard input: .*must be a file, a device, a pipe or a stream socket.*was not stored/)
    assert.equal((await store.head('k')).size, 13)
  })

  it('may be a block device, which is read to its end', { skip: noBlockDevice }, async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const bytes = someBytes(20_480_000)
    const device = await openBlockDevice(t, bytes.length)
    await writeFile(device, bytes)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(`ossup put ${TARGET} -q < ${device} && ossup put ${TARGET}.named -q ${device}`)
    assert.equal(code, 0, stderr)
    for (const key of ['k', 'k.named']) {
      assert.ok((await readAll((await store.get(key)).body)).equals(bytes), key)
    }
  })

  it('may be a file, read from its position, or a device', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `printf 'head\\nrest' > file; { read -r line; ossup put ${TARGET} -q; } < file && ossup put ${TARGET}.none -q --allow-empty < /dev/null`,
    )
    assert.equal(code, 0, stderr)
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'rest')
    assert.equal((await store.head('k.none')).size, 0)
  })

  it('is left as it was for others that read the same pipe', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { stdout, stderr } = await shell(
      `head -c 300000 /dev/zero | { ossup put ${TARGET} -q; grep flags /proc/self/fdinfo/0; }`,
    )
    assert.equal((await store.head('k')).size, 300_000, stderr)
    const [, flags = ''] = /flags:\s*(\d+)/.exec(stdout) ?? []
    assert.equal(parseInt(flags, 8) & 0o4000, 0, stdout)
  })
})

describe('a file of ossup put', { concurrency: 3 }, () => {
  it('may be a named pipe, whose writer comes later', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(`mkfifo pipe; { sleep 0.5; echo late > pipe; } & ossup put ${TARGET} -q pipe`)
    assert.equal(code, 0, stderr)
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'late\n')
  })

  it('may be a name of a descriptor', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `echo one | ossup put ${TARGET}.1 -q /dev/stdin && ossup put ${TARGET}.2 -q <(echo two)`,
    )
    assert.equal(code, 0, stderr)
    assert.equal((await store.head('k.1')).size, 4)
    assert.equal((await store.head('k.2')).size, 4)
  })

  it('does not keep the process after a signal, where nothing comes', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const pipe = path.join(await temporaryFolder(t), 'pipe')
    execFileSync('mkfifo', [pipe])
    const { child, ended } = startOssup(emulator, ['put', TARGET, '--json', pipe])
    child.stdout.once('data', () => child.kill('SIGTERM'))
    assert.equal((await ended).code, 143)
    assert.equal(await exists(store, 'k'), false)
  })

  it('does not keep the process when the store refuses, where more could come', async (t) => {
    const { emulator } = await emulatedStore(t)
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      times: Infinity,
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const shell = await openShell(t, emulator)
    const { code, stdout } = await shell(
      `mkfifo pipe; { head -c 9000000 /dev/zero; exec sleep 60; } > pipe & writer=$!
      timeout 30 ossup put ${TARGET} pipe; echo status $?; kill $writer
      timeout 30 ossup put ${TARGET} <(echo $BASHPID > pid; head -c 9000000 /dev/zero; exec sleep 60); echo status $?; kill "$(cat pid)"`,
    )
    assert.equal(stdout, 'status 4\nstatus 4\n')
    assert.equal(code, 0)
  })

  it('leaves no checkpoint behind, unless one is requested', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'file')
    const bytes = someBytes(9_000_000)
    await writeFile(file, bytes)
    const shell = await openShell(t, emulator, { HOME: folder, XDG_STATE_HOME: path.join(folder, 'state') })
    emulator.faults.inject({
      match: { operation: 'UploadPart' },
      action: { type: 'error', status: 403, code: 'AccessDenied' },
    })
    const failed = await shell(`ossup put ${TARGET} '${file}'; echo $?; ls '${folder}'`)
    assert.equal(failed.stdout, '4\nfile\n')
    const { code, stderr } = await shell(`ossup put ${TARGET} -q '${file}'`)
    assert.equal(code, 0, stderr)
    assert.ok((await readAll((await store.get('k')).body)).equals(bytes))
  })
})

describe('a command of ossup put', { concurrency: 3 }, () => {
  it('has the descriptors that a shell would hand on', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `echo secret > pw; ossup put ${TARGET} -q -- bash -c 'cat <&3; cat <&7; ls /proc/self/fd | wc -l' 3< pw 7< <(echo seven)`,
    )
    assert.equal(code, 0, stderr)
    const [secret, seven, count] = (await readAll((await store.get('k')).body)).toString().split('\n')
    assert.deepEqual([secret, seven], ['secret', 'seven'])
    assert.ok(Number(count) < 10, count)
  })

  it('encrypts with the password of descriptor 3', async (t) => {
    const { emulator } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const cipher = 'openssl enc -aes-256-cbc -pbkdf2'
    const { code, stdout, stderr } = await shell(
      `echo key > pw; echo dump > dump; ossup put ${TARGET} -q -- ${cipher} -in dump -pass fd:3 3< pw && ossup get ${TARGET} -q | ${cipher} -d -pass file:pw`,
    )
    assert.equal(code, 0, stderr)
    assert.equal(stdout, 'dump\n')
  })

  it('can open its standard output by name', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `echo x > file; ossup put ${TARGET} -q -- tar -cf /dev/stdout file && ossup get ${TARGET} -q | tar -tf -`,
    )
    assert.equal(code, 0, stderr)
    assert.ok((await store.head('k')).size > 0)
  })

  it('has a standard error that stays blocking, where that is a pipe', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    await shell(`ossup put ${TARGET} -- grep flags /proc/self/fdinfo/2 2>&1 | cat`)
    const [, flags = ''] = /flags:\s*(\d+)/.exec((await readAll((await store.get('k')).body)).toString()) ?? []
    assert.notEqual(flags, '')
    assert.equal(parseInt(flags, 8) & 0o4000, 0)
  })

  it('reads standard input', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(`echo text | ossup put ${TARGET} -q -- tr a-z A-Z`)
    assert.equal(code, 0, stderr)
    assert.equal((await readAll((await store.get('k')).body)).toString(), 'TEXT\n')
  })

  it('does not delay the end by a process that keeps its standard error', async (t) => {
    const { emulator, store } = await emulatedStore(t)
    const shell = await openShell(t, emulator)
    const { code, stderr } = await shell(
      `ossup put ${TARGET} -q -- bash -c 'sleep 60 >/dev/null 2>&1 & echo $! >&2; echo x' 2> pid; echo $? > code; kill "$(cat pid)"; exit "$(cat code)"`,
    )
    assert.equal(code, 0, stderr)
    assert.equal((await store.head('k')).size, 2)
  })
})
