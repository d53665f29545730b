import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { openOutputFile } from '../../../src/cli/source/output-file.js'
import { run, whyNot } from '../../support/commands.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const NEVER = new AbortController().signal

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text))
}

async function save(file: string, text: string): Promise<void> {
  const output = await openOutputFile(file, NEVER)
  await output.writeAll(chunks(text), NEVER)
}

describe('the file of ossup get', () => {
  it('is readable to nobody who could not read what it replaces', async (t) => {
    const file = path.join(await temporaryFolder(t), 'app.sql')
    await writeFile(file, 'as it was', { mode: 0o600 })
    await save(file, 'new')
    assert.equal(await readFile(file, 'utf8'), 'new')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
  })

  it('has a name as long as the file system takes, in any script', async (t) => {
    const folder = await temporaryFolder(t)
    for (const name of ['a'.repeat(255), '数'.repeat(85), '😀'.repeat(63)]) {
      await save(path.join(folder, name), 'whole')
      assert.equal(await readFile(path.join(folder, name), 'utf8'), 'whole')
    }
  })

  it('is written again after a run with the same process id was killed', async (t) => {
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'app.sql')
    // Nobody is left to discard it.
    const killed = await openOutputFile(file, NEVER)
    await save(file, 'whole')
    await killed.discard()
    assert.equal(await readFile(file, 'utf8'), 'whole')
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })

  it('is what a link leads to, even if that does not exist yet', async (t) => {
    const folder = await temporaryFolder(t)
    await mkdir(path.join(folder, 'data'))
    await symlink('middle', path.join(folder, 'link'))
    await symlink('data/app.sql', path.join(folder, 'middle'))
    await save(path.join(folder, 'link'), 'whole')
    assert.equal((await lstat(path.join(folder, 'link'))).isSymbolicLink(), true)
    assert.equal(await readFile(path.join(folder, 'data/app.sql'), 'utf8'), 'whole')
  })

  it('is refused before anything is read where its name is that of a folder', async (t) => {
    const folder = await temporaryFolder(t)
    for (const name of [folder, path.join(folder, 'nowhere/')]) {
      await assert.rejects(openOutputFile(name, NEVER), { exitCode: 2, message: /-o .* is a folder: give the name/ })
    }
    await assert.rejects(openOutputFile(path.join(folder, 'nowhere/app.sql'), NEVER), {
      message: /nowhere\/app\.sql cannot be written: ENOENT.*; create the folder first/,
    })
  })

  it('is named by what cannot be written into it', async () => {
    const output = await openOutputFile('/dev/full', NEVER)
    await assert.rejects(output.writeAll(chunks('some'), NEVER), { message: /^\/dev\/full cannot be written: ENOSPC/ })
  })

  it('may be mounted by itself, as in a container', async (t) => {
    const folder = await temporaryFolder(t)
    const [file, host] = [path.join(folder, 'app.sql'), path.join(folder, 'host.sql')]
    for (const name of [file, host]) await writeFile(name, 'longer than what replaces it')
    const refusal = whyNot(['mount', '--bind', host, file])
    if (refusal !== undefined) {
      t.skip(refusal)
      return
    }
    t.after(() => spawnSync('umount', [file]))
    await save(file, 'whole')
    assert.equal(await readFile(host, 'utf8'), 'whole')
    assert.deepEqual((await readdir(folder)).sort(), ['app.sql', 'host.sql'])
    spawnSync('umount', [file])
  })

  it('may be a named pipe, which is waited for until a signal comes', async (t) => {
    const pipe = path.join(await temporaryFolder(t), 'pipe')
    await run(['mkfifo', pipe])
    const gone = new Error('ended by SIGTERM')
    const controller = new AbortController()
    const waiting = openOutputFile(pipe, controller.signal)
    controller.abort(gone)
    await assert.rejects(waiting, { cause: gone })

    const reading = run(['cat', pipe])
    await save(pipe, 'whole')
    assert.equal(await reading, 'whole')
  })
})
