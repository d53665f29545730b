import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { describe, it } from 'node:test'
import { openOutputFile } from '../../../src/cli/source/output-file.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

describe('the file of ossup get', () => {
  it('is readable to nobody who could not read what it replaces', async (t) => {
    const file = path.join(await temporaryFolder(t), 'app.sql')
    await writeFile(file, 'as it was', { mode: 0o600 })
    const output = await openOutputFile(file)
    await pipeline(['new'], output.stream)
    await output.publish()
    assert.equal(await readFile(file, 'utf8'), 'new')
    assert.equal((await stat(file)).mode & 0o777, 0o600)
  })

  it('has a name as long as the file system takes, in any script', async (t) => {
    const folder = await temporaryFolder(t)
    for (const name of ['a'.repeat(255), '数'.repeat(85), '😀'.repeat(63)]) {
      const output = await openOutputFile(path.join(folder, name))
      await pipeline(['whole'], output.stream)
      await output.publish()
      assert.equal(await readFile(path.join(folder, name), 'utf8'), 'whole')
    }
  })

  it('is written again after a run with the same process id was killed', async (t) => {
    const folder = await temporaryFolder(t)
    const file = path.join(folder, 'app.sql')
    // Nobody is left to discard it.
    const killed = await openOutputFile(file)
    killed.stream.destroy()
    const output = await openOutputFile(file)
    await pipeline(['whole'], output.stream)
    await output.publish()
    await killed.discard()
    assert.equal(await readFile(file, 'utf8'), 'whole')
    assert.deepEqual(await readdir(folder), ['app.sql'])
  })
})
