import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, it } from 'node:test'
import { openOutputFile } from '../../../src/cli/source/output-file.js'
import type { ObjectBytes } from '../../../src/cli/process/object-bytes.js'
import { run } from '../../support/commands.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const NEVER = new AbortController().signal

function bytesOf(text: string): ObjectBytes {
  return { writeTo: (write) => write(Buffer.from(text)) }
}

async function save(file: string, text: string): Promise<void> {
  const output = await openOutputFile(file, NEVER)
  assert.ok(output)
  await output.writeAll(bytesOf(text), NEVER)
}

describe('what ossup get writes into', () => {
  it('is not needed if a file is replaced or created', async (t) => {
    const file = path.join(await temporaryFolder(t), 'app.sql')
    assert.equal(await openOutputFile(file, NEVER), undefined)
    await writeFile(file, 'as it was')
    assert.equal(await openOutputFile(file, NEVER), undefined)
  })

  it('is refused before anything is read where its name is that of a folder', async (t) => {
    const folder = await temporaryFolder(t)
    for (const name of [folder, path.join(folder, 'nowhere/')]) {
      await assert.rejects(openOutputFile(name, NEVER), { exitCode: 2, message: /-o .* is a folder: give the name/ })
    }
  })

  it('is named by what cannot be written into it', async () => {
    const output = await openOutputFile('/dev/full', NEVER)
    assert.ok(output)
    await assert.rejects(output.writeAll(bytesOf('some'), NEVER), { message: /^\/dev\/full cannot be written: ENOSPC/ })
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
